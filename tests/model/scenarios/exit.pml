/* SPDX-License-Identifier: GPL-2.0-only */
/* Servers go when they have nothing to run. */
#define BLOCKS		BIT(W1)
#define SERVERS_EXIT	(BIT(S1) | BIT(S2))
#include "../umcg.pml"
