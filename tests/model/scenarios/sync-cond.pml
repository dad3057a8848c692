/* SPDX-License-Identifier: GPL-2.0-only */
/* Two wait for a condition, one of them for a time; others WAKE them, the group may end. */
#define COND
#define TIMED	1
#define POKES	1
#define ENDS	1
#include "../sync.pml"
