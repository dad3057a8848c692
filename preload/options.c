// SPDX-License-Identifier: MIT
/* What was asked for: umcg run has looked at it, and put it into the environment. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static __u64 number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : 0;
}

static __u64 slice(void)
{
	const char *text = getenv("UMCG_RUN_SLICE");

	return text && !strcmp(text, "none") ? UMCG_RT_NO_SLICE :
					       number("UMCG_RUN_SLICE") * 1000;
}

/* Programs that change their name in ps write over the environment they began with. */
static const char *kept(const char *name)
{
	const char *text = getenv(name);

	return text ? strdup(text) : NULL;
}

const struct run_options *run_options(void)
{
	static struct run_options options;
	static bool read;
	const char *policy = getenv("UMCG_RUN_POLICY");

	if (!read) {
		options = (struct run_options){
			.attr = {
				.servers = (__u32)number("UMCG_RUN_SERVERS"),
				.policy = policy ? umcg_rt_policy_by_name(policy) : NULL,
				.seed = number("UMCG_RUN_SEED"),
				.slice_ns = slice(),
			},
			.stats = kept("UMCG_RUN_STATS"),
			.priorities = kept("UMCG_RUN_PRIORITIES"),
		};
		read = true;
	}
	return &options;
}

bool run_priority(const char *name, int *priority)
{
	const char *at = run_options()->priorities;
	size_t length = strlen(name);

	while (at && *at) {
		if (!strncmp(at, name, length) && at[length] == '=') {
			*priority = atoi(at + length + 1);
			return true;
		}
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	return false;
}
