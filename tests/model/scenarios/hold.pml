/* SPDX-License-Identifier: GPL-2.0-only */
#define FINE_WORKERS	BIT(W1)
#define BLOCKS		WORKERS
#define KICKS		BIT(W1)
#include "../umcg.pml"
