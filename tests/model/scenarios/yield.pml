/* SPDX-License-Identifier: GPL-2.0-only */
#define PARKS		BIT(W1)
#define YIELDS		BIT(W1)
#define HANDLERS	BIT(W1)
#include "../umcg.pml"
