/* SPDX-License-Identifier: GPL-2.0-only */
#define EXITS	(1 << S1)
#include "../lists.pml"
