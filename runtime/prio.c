// SPDX-License-Identifier: MIT
/*
 * The highest priority first, and waiting counts. All who wait age alike, so their order
 * does not change while they do: it is that of when each became runnable, put back by
 * its priority.
 */
#include "internal.h"

#define AGE_NS	10000000LL	/* one more for each of these */

static void enqueue(void *queue, struct umcg_rt_worker *w, enum umcg_rt_why why)
{
	__u64 middle = 1ULL << 63;

	(void)why;
	rt_heap_put(queue, w, middle + w->runnable_ns - (__u64)(w->priority * AGE_NS));
}

static bool preempts(const struct umcg_rt_worker *w, const struct umcg_rt_worker *running)
{
	return w->priority > running->priority;
}

UMCG_PUBLIC const struct umcg_rt_policy umcg_rt_prio = {
	.name = "prio",
	.flags = UMCG_RT_ONE_QUEUE,
	.queue_size = RT_HEAP_SIZE,
	.enqueue = enqueue,
	.pick = rt_heap_pick,
	.preempts = preempts,
};
