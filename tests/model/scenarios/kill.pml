/* SPDX-License-Identifier: GPL-2.0-only */
/* A worker is killed wherever it is. */
#define TWO_WORKERS	1
#define PARKS		BIT(W1)
#define BLOCKS		BIT(W1)
#define KILLS		BIT(W1)
#define WOKEN		BIT(W1)
#define KICKS		BIT(W1)
#include "../umcg.pml"
