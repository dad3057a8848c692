/* SPDX-License-Identifier: GPL-2.0-only */
/* A worker's way from a block to its hold, cut finely, while it is kicked. */
#define FINE_WORKERS	BIT(W1)
#define BLOCKS		WORKERS
#define KICKS		BIT(W1)
#include "../umcg.pml"
