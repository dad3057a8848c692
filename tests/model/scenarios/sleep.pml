/* SPDX-License-Identifier: GPL-2.0-only */
#define FINE_SERVERS BIT(S1)
#define BLOCKS		WORKERS
#include "../umcg.pml"
