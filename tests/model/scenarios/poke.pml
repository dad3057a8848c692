/* SPDX-License-Identifier: GPL-2.0-only */
/* Servers are woken for nothing, by signals and by WAKE of any. */
#define TWO_WORKERS	1
#define FINE_SERVERS	BIT(S1)
#define HOME2		GROUP
#define BLOCKS		WORKERS
#define HANDLERS	BIT(S1)
#define WAKES_IDLE	1
#include "../umcg.pml"
