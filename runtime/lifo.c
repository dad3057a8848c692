// SPDX-License-Identifier: MIT
/* Last come, first served; who has had its turn goes to the end. */
#include "internal.h"

struct lifo {
	struct umcg_rt_worker *first, *last;
};

static void enqueue(void *queue, struct umcg_rt_worker *w, enum umcg_rt_why why)
{
	struct lifo *q = queue;

	if (!q->first) {
		w->next = NULL;
		q->first = w;
		q->last = w;
	} else if (why == UMCG_RT_YIELDED || why == UMCG_RT_PREEMPTED) {
		w->next = NULL;
		q->last->next = w;
		q->last = w;
	} else {
		w->next = q->first;
		q->first = w;
	}
}

static struct umcg_rt_worker *pick(void *queue, __u64 now)
{
	struct lifo *q = queue;
	struct umcg_rt_worker *w = q->first;

	(void)now;
	if (w)
		q->first = w->next;
	return w;
}

UMCG_PUBLIC const struct umcg_rt_policy umcg_rt_lifo = {
	.name = "lifo",
	.queue_size = sizeof(struct lifo),
	.enqueue = enqueue,
	.pick = pick,
};
