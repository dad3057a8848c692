/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers, frames that fault, and signals that others take. */
#define TWO_WORKERS	1
#define PARKS		BIT(W1)
#define YIELDS		BIT(W1)
#define BLOCKS		BIT(W1)
#define BLOCKS_AT_WAIT	BIT(W1)
#define HANDLERS	BIT(W1)
#define FRAME_FAULTS	BIT(W1)
#define STOLEN		BIT(W1)
#define WOKEN		BIT(W1)
#include "../umcg.pml"
