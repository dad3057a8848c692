/* SPDX-License-Identifier: GPL-2.0-only */
/* Three that want a mutex; the time of two of them may pass. */
#define TIMED	1
#define ROUNDS	1
#include "../sync.pml"
