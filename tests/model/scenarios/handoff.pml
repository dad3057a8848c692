/* SPDX-License-Identifier: GPL-2.0-only */
/* Workers hand over to each other by tid, on a list or not. */
#define HOME2		GROUP
#define HANDS_OVER	(BIT(W1) | BIT(W2))
#define PARKS		BIT(W1)
#define YIELDS		BIT(W2)
#define WOKEN		BIT(W1)
#include "../umcg.pml"
