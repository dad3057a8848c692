/* SPDX-License-Identifier: GPL-2.0-only */
#define HOME1		GROUP
#define HOME2		S1
#define BLOCKS		(BIT(W1) | BIT(W2))
#define KICKS		BIT(S1)
#define BLIND		BIT(S1)
#include "../umcg.pml"
