/* SPDX-License-Identifier: GPL-2.0-only */
/* A server does not know that its turn has gone to another worker, and starts a third. */
#define HOME2		S1
#define HANDS_OVER	BIT(W1)
#define TARGETS		BIT(W2)
#define YIELDS		(BIT(W1) | BIT(W2))
#define KICKS		BIT(S1)
#define BOLD		BIT(S1)
#include "../umcg.pml"
