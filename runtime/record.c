// SPDX-License-Identifier: MIT
/*
 * The beginning and the end of a worker, as servers see them.
 *
 * A record belongs to a slot, and a slot is given to one thread after the other: @gen
 * tells them apart. A spare thread becomes one worker after the other in the same slot:
 * @ending and @renew say so. Several servers may see signs of the same end, so it is
 * looked at again under the record's lock.
 */
#include <string.h>

#include "internal.h"

static void begin(struct record *r, const struct umcg_task *t, const struct entry *e)
{
	__u32 tid = __atomic_load_n(&t->tid, __ATOMIC_RELAXED);

	r->w.tid = tid;
	r->w.user = e->user;
	r->w.ran_ns = 0;
	memcpy(r->w.name, e->name, sizeof(e->name));
	r->stats = (struct umcg_rt_stats){ .tid = tid };
	memcpy(r->stats.name, e->name, sizeof(e->name));
	__atomic_store_n(&r->priority, e->priority, __ATOMIC_RELAXED);
	__atomic_store_n(&r->deadline, e->deadline, __ATOMIC_RELAXED);
	/* release: who reads the statistics finds them whole */
	__atomic_store_n(&r->live, 1, __ATOMIC_RELEASE);
}

static void end(struct server *s, struct record *r)
{
	__atomic_store_n(&r->ending, 0, __ATOMIC_RELAXED);
	if (!r->live)
		return;
	__atomic_store_n(&r->live, 0, __ATOMIC_RELEASE);
	rt_stats_add(&s->stats.exits, 1);
	rt_stats_add(&r->stats.exits, 1);
	rt_stats_end(s->rt, &r->stats);
	rt_worker_gone(s->rt);
}

static void thread_gone(struct server *s, struct record *r)
{
	end(s, r);
	r->gen = 0;
	rt_release_thread(s->rt);
}

static bool changes(const struct record *r, __u32 gen)
{
	return __atomic_load_n(&r->gen, __ATOMIC_RELAXED) != gen ||
	       __atomic_load_n(&r->ending, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&r->renew, __ATOMIC_ACQUIRE);
}

static bool changed(struct server *s, struct record *r, const struct umcg_task *t,
		    __u32 gen)
{
	const struct entry *renew;
	bool is_new = false;

	rt_lock(&r->lock);
	if (r->gen != gen) {
		if (r->gen)
			thread_gone(s, r);
		__atomic_store_n(&r->gen, gen, __ATOMIC_RELAXED);
		begin(r, t, (const struct entry *)(uintptr_t)t->user);
		is_new = true;
	}
	if (__atomic_load_n(&r->ending, __ATOMIC_ACQUIRE))
		end(s, r);
	renew = __atomic_load_n(&r->renew, __ATOMIC_ACQUIRE);
	if (renew && !r->live) {
		begin(r, t, renew);
		__atomic_store_n(&r->renew, NULL, __ATOMIC_RELEASE);
		is_new = true;
	}
	rt_unlock(&r->lock);
	return is_new;
}

static void note_slot(struct umcg_rt *rt, __u32 slot)
{
	__u32 seen = __atomic_load_n(&rt->slots_seen, __ATOMIC_RELAXED);

	while (slot >= seen)
		if (__atomic_compare_exchange_n(&rt->slots_seen, &seen, slot + 1, true,
						__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			break;
}

struct record *rt_record_arrives(struct server *s, __u32 slot, bool *is_new)
{
	struct umcg_rt *rt = s->rt;
	struct umcg_task *t = umcg_slot(rt->group, slot);
	struct record *r = rt_record(rt, slot);
	__u32 gen = __atomic_load_n(&t->gen, __ATOMIC_RELAXED);

	*is_new = false;
	if (__atomic_load_n(&t->events, __ATOMIC_ACQUIRE) &
	    (UMCG_EV_EXIT | UMCG_EV_REHOMED))
		return NULL;
	if (changes(r, gen)) {
		note_slot(rt, slot);
		*is_new = changed(s, r, t, gen);
	}
	r->w.runnable_ns = __atomic_load_n(&t->runnable_ts, __ATOMIC_RELAXED);
	return r;
}

void rt_record_gone(struct server *s, struct record *r, __u32 gen)
{
	rt_lock(&r->lock);
	if (r->gen == gen)
		thread_gone(s, r);
	rt_unlock(&r->lock);
}

void rt_record_retires(struct server *s, struct record *r)
{
	rt_lock(&r->lock);
	if (__atomic_load_n(&r->ending, __ATOMIC_ACQUIRE))
		end(s, r);
	rt_unlock(&r->lock);
}
