/* SPDX-License-Identifier: GPL-2.0-only */
/* A timeout, a WAKE and a handoff end the same WAIT. */
#define PARKS		(BIT(W1) | BIT(W2))
#define TIMEOUTS	BIT(W1)
#define BLOCKS_AT_WAIT	BIT(W1)
#define HANDS_OVER	BIT(W2)
#define TARGETS		BIT(W1)
#define WOKEN		BIT(W1)
#include "../umcg.pml"
