// SPDX-License-Identifier: MIT
/* The earliest deadline first; who has none is last. */
#include "internal.h"

static __u64 deadline(const struct umcg_rt_worker *w)
{
	return w->deadline ? w->deadline : ~0ULL;
}

static void enqueue(void *queue, struct umcg_rt_worker *w, enum umcg_rt_why why)
{
	(void)why;
	rt_heap_put(queue, w, deadline(w));
}

static bool preempts(const struct umcg_rt_worker *w, const struct umcg_rt_worker *running)
{
	return deadline(w) < deadline(running);
}

UMCG_PUBLIC const struct umcg_rt_policy umcg_rt_edf = {
	.name = "edf",
	.flags = UMCG_RT_ONE_QUEUE,
	.queue_size = RT_HEAP_SIZE,
	.enqueue = enqueue,
	.pick = rt_heap_pick,
	.preempts = preempts,
};
