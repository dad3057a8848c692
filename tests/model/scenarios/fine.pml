/* SPDX-License-Identifier: GPL-2.0-only */
/* Every store of a server and a worker is a step of its own. */
/* model: full */
#define TWO_WORKERS	1
#define FINE_SERVERS	BIT(S1)
#define FINE_WORKERS	BIT(W1)
#define HOME2		GROUP
#define BLOCKS		WORKERS
#define KICKS		BIT(W1)
#include "../umcg.pml"
