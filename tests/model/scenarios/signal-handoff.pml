/* SPDX-License-Identifier: GPL-2.0-only */
/* A worker on its way to a handler is switched to by its tid. */
#define TWO_WORKERS	1
#define PARKS		BIT(W1)
#define YIELDS		BIT(W2)
#define HANDLERS	BIT(W1)
#define WOKEN		BIT(W1)
#define HANDS_OVER	BIT(W2)
#define TARGETS		BIT(W1)
#include "../umcg.pml"
