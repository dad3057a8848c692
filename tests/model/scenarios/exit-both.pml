/* SPDX-License-Identifier: GPL-2.0-only */
/* Both servers go, one perhaps while its worker runs: the group ends. */
/* model: full */
#define TWO_WORKERS	1
#define BLOCKS		BIT(W1)
#define KICKS		BIT(S1)
#define SERVERS_EXIT	(BIT(S1) | BIT(S2))
#include "../umcg.pml"
