/* SPDX-License-Identifier: GPL-2.0-only */
/* Kicks, blocks and handing over by tid. */
/* model: full */
#define TWO_WORKERS	1
#define HOME2		GROUP
#define BLOCKS		BIT(W1)
#define HANDS_OVER	WORKERS
#define PARKS		BIT(W1)
#define YIELDS		BIT(W2)
#define KICKS		BIT(W2)
#define WOKEN		BIT(W1)
#include "../umcg.pml"
