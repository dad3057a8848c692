/* SPDX-License-Identifier: GPL-2.0-only */
/* A signal takes an idle server away for good; the other one is to be told. */
#define TWO_WORKERS	1
#define FINE_SERVERS	BIT(S1)
#define HOME1		GROUP
#define HOME2		GROUP
#define BLOCKS		BIT(W1)
#define HANDLERS	BIT(S1)
#define STUCK		BIT(S1)
#include "../umcg.pml"
