/* SPDX-License-Identifier: GPL-2.0-only */
/* A server goes while workers are pushed to its list. */
/* model: full */
#define EXITS	(1 << S1)
#include "../lists.pml"
