/* SPDX-License-Identifier: GPL-2.0-only */
/* The group ends while they wait. */
#define TIMED	1
#define ENDS	1
#define ROUNDS	1
#include "../sync.pml"
