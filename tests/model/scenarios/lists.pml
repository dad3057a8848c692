/* SPDX-License-Identifier: GPL-2.0-only */
#define BY_TID	1
#define STEALS	(1 << S2)
#include "../lists.pml"
