// SPDX-License-Identifier: MIT
/* The earliest deadline first; who has none is last. */
#include "internal.h"

static __u64 deadline(const struct umcg_rt_worker *w)
{
	return w->deadline ? w->deadline : ~0ULL;
}

static void enqueue(void *queue, struct umcg_rt_worker *w, enum umcg_rt_why why)
{
	struct umcg_rt_worker **heap = queue;

	(void)why;
	w->key = deadline(w);
	w->next = NULL;
	w->prev = NULL;
	*heap = rt_heap_merge(*heap, w);
}

static struct umcg_rt_worker *pick(void *queue, __u64 now)
{
	(void)now;
	return rt_heap_take(queue);
}

static bool preempts(const struct umcg_rt_worker *w, const struct umcg_rt_worker *running)
{
	return deadline(w) < deadline(running);
}

UMCG_PUBLIC const struct umcg_rt_policy umcg_rt_edf = {
	.name = "edf",
	.flags = UMCG_RT_ONE_QUEUE,
	.queue_size = sizeof(struct umcg_rt_worker *),
	.enqueue = enqueue,
	.pick = pick,
	.preempts = preempts,
};
