/* SPDX-License-Identifier: GPL-2.0-only */
/* A server that shares, and one that is told of every push. */
#define HOME2		S1
#define HOME3		S2
#define SHARED		BIT(S1)
#define NOTIFY		BIT(S2)
#define BLOCKS		WORKERS
#include "../umcg.pml"
