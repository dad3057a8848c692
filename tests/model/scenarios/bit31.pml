/* SPDX-License-Identifier: GPL-2.0-only */
/* A server waits on without a look, for a worker that may run elsewhere by now. */
#define TWO_WORKERS	1
#define HOME1		GROUP
#define HOME2		S1
#define BLOCKS		WORKERS
#define KICKS		BIT(S1)
#define BLIND		BIT(S1)
#include "../umcg.pml"
