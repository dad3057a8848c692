/* SPDX-License-Identifier: GPL-2.0-only */
/* A worker dies on a list, and its slot is given out again. */
#define KILLS	1
#include "../lists.pml"
