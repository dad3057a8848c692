/* SPDX-License-Identifier: GPL-2.0-only */
/* A server goes while its worker runs; the other one inherits. */
#define BLOCKS		BIT(W1)
#define KICKS		BIT(S1)
#define SERVERS_EXIT	BIT(S1)
#include "../umcg.pml"
