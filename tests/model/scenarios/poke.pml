/* SPDX-License-Identifier: GPL-2.0-only */
#define FINE_SERVERS	BIT(S1)
#define BLOCKS		BIT(W1)
#define HANDLERS	BIT(S1)
#define WAKES_IDLE	1
#include "../umcg.pml"
