/* SPDX-License-Identifier: GPL-2.0-only */
#define BLOCKS		WORKERS
#define KICKS		(WORKERS | BIT(S1))
#define BLIND		BIT(S1)
#include "../umcg.pml"
