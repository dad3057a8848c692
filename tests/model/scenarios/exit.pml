/* SPDX-License-Identifier: GPL-2.0-only */
#define BLOCKS		(BIT(W1) | BIT(W3))
#define KILLS		(BIT(W1) | BIT(W2))
#define PARKS		BIT(W2)
#define SERVERS_EXIT	(BIT(S1) | BIT(S2))
#include "../umcg.pml"
