// SPDX-License-Identifier: MIT
/* First come, first served. */
#include "internal.h"

struct fifo {
	struct umcg_rt_worker *first, *last;
};

static void enqueue(void *queue, struct umcg_rt_worker *w, enum umcg_rt_why why)
{
	struct fifo *q = queue;

	(void)why;
	w->next = NULL;
	if (q->first)
		q->last->next = w;
	else
		q->first = w;
	q->last = w;
}

static struct umcg_rt_worker *pick(void *queue, __u64 now)
{
	struct fifo *q = queue;
	struct umcg_rt_worker *w = q->first;

	(void)now;
	if (w)
		q->first = w->next;
	return w;
}

UMCG_PUBLIC const struct umcg_rt_policy umcg_rt_fifo = {
	.name = "fifo",
	.queue_size = sizeof(struct fifo),
	.enqueue = enqueue,
	.pick = pick,
};
