// SPDX-License-Identifier: MIT
/* The policies by their names. */
#include <string.h>

#include "internal.h"

UMCG_PUBLIC const struct umcg_rt_policy *umcg_rt_policy_by_name(const char *name)
{
	static const struct umcg_rt_policy *const all[] = {
		&umcg_rt_fifo, &umcg_rt_lifo, &umcg_rt_prio, &umcg_rt_edf, &umcg_rt_random,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}
