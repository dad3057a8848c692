/* SPDX-License-Identifier: GPL-2.0-only */
/* Two servers that idle, cut finely, while workers come and go. */
#define FINE_SERVERS BIT(S1)
#define BLOCKS		WORKERS
#include "../umcg.pml"
