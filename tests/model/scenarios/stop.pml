/* SPDX-License-Identifier: GPL-2.0-only */
/* A worker is stopped on a list, after it was taken, and in its WAIT. */
#define TWO_WORKERS	1
#define PARKS		BIT(W1)
#define STOPS		BIT(W1)
#define WOKEN		BIT(W1)
#define BLOCKS		BIT(W1)
#define BLOCKS_AT_WAIT	BIT(W1)
#include "../umcg.pml"
