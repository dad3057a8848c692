/* SPDX-License-Identifier: GPL-2.0-only */
/* Kicks for runs that are over. */
#define BLOCKS		(BIT(W1) | BIT(W2))
#define KICKS		BIT(W1)
#define YIELDS		BIT(W1)
#include "../umcg.pml"
