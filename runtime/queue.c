// SPDX-License-Identifier: MIT
/*
 * The policy's queues: one for each server, or one for all.
 *
 * Who puts something in counts it before it looks for idle servers; a server says that it
 * is idle before it looks at the counts. Both are sequentially consistent, so one of
 * them sees the other.
 */
#include "internal.h"

bool rt_queue_put(struct server *s, struct record *r, enum umcg_rt_why why)
{
	const struct umcg_rt_policy *policy = s->rt->policy;
	struct queue *q = s->queue;

	if (__atomic_exchange_n(&r->queued, 1, __ATOMIC_ACQ_REL))
		return false;
	rt_lock(&q->lock);
	r->w.priority = __atomic_load_n(&r->priority, __ATOMIC_RELAXED);
	r->w.deadline = __atomic_load_n(&r->deadline, __ATOMIC_RELAXED);
	policy->enqueue(q->data, &r->w, why);
	__atomic_store_n(&q->count, q->count + 1, __ATOMIC_SEQ_CST);
	rt_unlock(&q->lock);
	return true;
}

static struct record *pick_locked(struct server *s, struct queue *q)
{
	const struct umcg_rt_policy *policy = s->rt->policy;
	struct umcg_rt_worker *w = policy->pick(q->data, rt_now());
	struct record *r = (struct record *)w;

	if (!r)
		return NULL;
	__atomic_store_n(&q->count, q->count - 1, __ATOMIC_SEQ_CST);
	w->server = s->index;
	/* in the section: who puts a better one in later finds whom it is better than */
	__atomic_store_n(&s->running, r, __ATOMIC_RELEASE);
	__atomic_store_n(&r->queued, 0, __ATOMIC_RELEASE);
	return r;
}

struct record *rt_queue_pick(struct server *s, struct queue *q)
{
	struct record *r;

	if (!__atomic_load_n(&q->count, __ATOMIC_SEQ_CST))
		return NULL;
	rt_lock(&q->lock);
	r = pick_locked(s, q);
	rt_unlock(&q->lock);
	return r;
}

struct record *rt_queue_steal(struct server *s)
{
	struct umcg_rt *rt = s->rt;
	struct record *r;

	/* from another one each time, so that none is always the last */
	for (__u32 i = 0; i < rt->queue_count; i++) {
		struct queue *q = &rt->queues[(s->turns + i) % rt->queue_count];

		r = q == s->queue ? NULL : rt_queue_pick(s, q);
		if (r)
			return r;
	}
	return NULL;
}

bool rt_queues_are_empty(const struct umcg_rt *rt)
{
	for (__u32 i = 0; i < rt->queue_count; i++)
		if (__atomic_load_n(&rt->queues[i].count, __ATOMIC_SEQ_CST))
			return false;
	return true;
}

void rt_queue_stopped(struct server *s, struct record *r, enum umcg_rt_stop why)
{
	rt_lock(&s->queue->lock);
	s->rt->policy->stopped(s->queue->data, &r->w, why);
	rt_unlock(&s->queue->lock);
}
