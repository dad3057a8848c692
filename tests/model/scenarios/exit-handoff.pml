/* SPDX-License-Identifier: GPL-2.0-only */
/* A server goes while its worker hands over. */
#define SERVERS_EXIT	BIT(S1)
#define KICKS		BIT(S1)
#define HANDS_OVER	BIT(W1)
#define YIELDS		BIT(W1)
#include "../umcg.pml"
