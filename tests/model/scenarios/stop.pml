/* SPDX-License-Identifier: GPL-2.0-only */
#define PARKS		BIT(W1)
#define STOPS		BIT(W1)
#define WOKEN		BIT(W1)
#define BLOCKS		(BIT(W1) | BIT(W2))
#include "../umcg.pml"
