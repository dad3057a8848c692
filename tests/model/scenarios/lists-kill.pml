/* SPDX-License-Identifier: GPL-2.0-only */
#define KILLS	1
#include "../lists.pml"
