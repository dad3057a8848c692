/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals with a handler and stops, also such as were taken back. */
#define TWO_WORKERS	1
#define PARKS		BIT(W1)
#define BLOCKS		BIT(W1)
#define STOPS		BIT(W1)
#define HANDLERS	BIT(W1)
#define STOLEN		BIT(W1)
#include "../umcg.pml"
