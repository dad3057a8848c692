/* SPDX-License-Identifier: GPL-2.0-only */
/* Two servers take the same lists; workers are also run by tid. */
#define BY_TID	1
#define STEALS	(1 << S2)
#include "../lists.pml"
