/* SPDX-License-Identifier: GPL-2.0-only */
/* A WAKE comes before, in and after a WAIT that parks. */
#define PARKS		(BIT(W1) | BIT(W2))
#define BLOCKS		(BIT(W1) | BIT(W3))
#define WOKEN		(BIT(W1) | BIT(W2))
#include "../umcg.pml"
