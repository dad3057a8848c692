// SPDX-License-Identifier: MIT
/*
 * Any of those who wait, by splitmix64. What is chosen depends on the seed, on how many
 * wait, and on the order in which they came: on nothing else.
 */
#include "internal.h"

struct lot {
	__u64 state;
	__u32 count;
	struct umcg_rt_worker *w[SLOTS_MAX];	/* each has a slot: there is room for all */
};

static __u64 draw(struct lot *l)
{
	__u64 z = l->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void init(void *queue, __u64 seed)
{
	struct lot *l = queue;

	l->state = seed;
}

static void enqueue(void *queue, struct umcg_rt_worker *w, enum umcg_rt_why why)
{
	struct lot *l = queue;

	(void)why;
	l->w[l->count++] = w;
}

static struct umcg_rt_worker *pick(void *queue, __u64 now)
{
	struct lot *l = queue;
	struct umcg_rt_worker *w;
	__u64 i;

	(void)now;
	if (!l->count)
		return NULL;
	i = draw(l) % l->count;
	w = l->w[i];
	l->w[i] = l->w[--l->count];
	return w;
}

UMCG_PUBLIC const struct umcg_rt_policy umcg_rt_random = {
	.name = "random",
	.flags = UMCG_RT_ONE_QUEUE,
	.queue_size = sizeof(struct lot),
	.init = init,
	.enqueue = enqueue,
	.pick = pick,
};
