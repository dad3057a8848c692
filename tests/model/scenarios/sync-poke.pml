/* SPDX-License-Identifier: GPL-2.0-only */
/* The same, while others WAKE them. */
#define TIMED	1
#define POKES	1
#define ROUNDS	1
#include "../sync.pml"
