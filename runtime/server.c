// SPDX-License-Identifier: MIT
/*
 * A server: takes the kernel's lists, asks the policy, runs a worker until it stops.
 *
 * The one rule for this file and all it calls: a server takes no lock that a worker could
 * hold. A worker may be stopped anywhere, in the middle of malloc() with its lock, and
 * only a server can let it go on. So nothing is allocated, nothing printed, no lock taken
 * but the servers' own, and all signals are blocked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

#include "internal.h"

#define STEAL_EVERY	64

/* One idle server less, if there is one; it looks at the queues before it sleeps. */
static bool wake_one(struct umcg_rt *rt)
{
	for (__u32 i = 0; i < rt->server_count; i++) {
		struct server *s = &rt->servers[i];

		if (!__atomic_load_n(&s->idle, __ATOMIC_SEQ_CST) ||
		    !__atomic_exchange_n(&s->idle, 0, __ATOMIC_SEQ_CST))
			continue;
		__atomic_sub_fetch(&rt->idlers, 1, __ATOMIC_SEQ_CST);
		umcg_kick(rt->group, s->tid, 0);
		return true;
	}
	return false;
}

/* Others may idle while we have more than we can run. */
static void share(struct server *s)
{
	__u32 left = __atomic_load_n(&s->queue->count, __ATOMIC_SEQ_CST);

	while (left-- && __atomic_load_n(&s->rt->idlers, __ATOMIC_SEQ_CST))
		if (!wake_one(s->rt))
			break;
}

/* Of those that run something worse than @w, who runs the worst? @spared is not asked. */
static struct server *find_victim(struct server *s, const struct umcg_rt_worker *w,
				  const struct server *spared)
{
	struct umcg_rt *rt = s->rt;
	bool (*preempts)(const struct umcg_rt_worker *w,
			 const struct umcg_rt_worker *running) = rt->policy->preempts;
	bool all = rt->queue_count == 1;
	const struct record *worst = NULL;
	struct server *victim = NULL;

	for (__u32 i = 0; i < rt->server_count; i++) {
		struct server *other = &rt->servers[i];
		const struct record *r = __atomic_load_n(&other->running, __ATOMIC_ACQUIRE);

		if (!r || other == spared || (!all && other != s) ||
		    __atomic_load_n(&other->preempting, __ATOMIC_RELAXED) ||
		    !preempts(w, &r->w))
			continue;
		if (worst && !preempts(&worst->w, &r->w))
			continue;
		worst = r;
		victim = other;
	}
	return victim;
}

/*
 * Whoever idles runs it; else somebody is preempted. If the victim has only just been
 * picked there is nobody to preempt yet: then its WAIT returns as soon as it runs, and
 * its server does it.
 */
static void preempt_for(struct server *s, const struct umcg_rt_worker *w,
			const struct server *spared)
{
	struct umcg_group *g = s->rt->group;
	struct server *victim;

	if (__atomic_load_n(&s->rt->idlers, __ATOMIC_SEQ_CST) && wake_one(s->rt))
		return;
	victim = find_victim(s, w, spared);
	if (!victim || __atomic_exchange_n(&victim->preempting, 1, __ATOMIC_SEQ_CST))
		return;
	if (umcg_kick(g, victim->tid, UMCG_KICK_CURRENT))
		umcg_kick(g, victim->tid, 0);
}

/* While we run nobody, the best of those that come is for us. */
static void came(struct server *s, struct record *r)
{
	struct record *other = r;

	if (!s->running) {
		if (!s->best || s->rt->policy->preempts(&r->w, &s->best->w)) {
			other = s->best;
			s->best = r;
		}
	}
	if (other)
		preempt_for(s, &other->w, NULL);
}

/*
 * We run @r: if that is not who we thought it would be, that one is to run elsewhere. Not
 * here: the policy knew of both, and one that has aged would be preempted at once.
 */
static void picked(struct server *s, const struct record *r)
{
	if (s->best && s->best != r)
		preempt_for(s, &s->best->w, s);
	s->best = NULL;
}

static enum umcg_rt_why why_of(__u32 events)
{
	if (events & UMCG_EV_PREEMPT)
		return UMCG_RT_PREEMPTED;
	return events & UMCG_EV_WAIT ? UMCG_RT_YIELDED : UMCG_RT_WOKEN;
}

/* The kernel's list of @slot, a server's or 0, goes into the queue. */
static void take(struct server *s, __u32 slot)
{
	struct umcg_rt *rt = s->rt;
	struct umcg_list list;
	__u32 index, gen, events;
	struct record *r;
	bool is_new;

	umcg_list_init(&list);
	umcg_list_take(rt->group, slot, &list);
	while (!umcg_list_empty(&list)) {
		index = list.first;
		gen = __atomic_load_n(&umcg_slot(rt->group, index)->gen, __ATOMIC_RELAXED);
		r = rt_record_arrives(s, index, &is_new);
		if (!umcg_list_pop(rt->group, &list, &events))
			break;
		if (!r || (events & (UMCG_EV_EXIT | UMCG_EV_REHOMED))) {
			rt_record_gone(s, rt_record(rt, index), gen);
		} else if (rt_queue_put(s, r, is_new ? UMCG_RT_NEW : why_of(events)) &&
			   rt_preempts(rt)) {
			came(s, r);
		}
	}
}

/* Who was woken came before who yields now. */
static void gather(struct server *s)
{
	take(s, 0);
	take(s, s->slot);
}

static enum umcg_rt_stop stop_in_wait(struct record *r, const struct umcg_task *t)
{
	if (__atomic_load_n(&r->ending, __ATOMIC_ACQUIRE))
		return UMCG_RT_STOP_EXIT;
	if (__atomic_load_n(&r->yielding, __ATOMIC_RELAXED) ||
	    (__atomic_load_n(&t->events, __ATOMIC_RELAXED) & UMCG_EV_WAIT))
		return UMCG_RT_STOP_YIELD;
	return UMCG_RT_STOP_PARK;
}

static enum umcg_rt_stop stop_of(__u32 cur, struct record *r, const struct umcg_task *t)
{
	switch (UMCG_CUR_WHY(cur)) {
	case UMCG_CUR_BLOCK:
		return UMCG_RT_STOP_BLOCK;
	case UMCG_CUR_WAIT:
		return stop_in_wait(r, t);
	case UMCG_CUR_EXIT:
		return UMCG_RT_STOP_EXIT;
	default:
		return UMCG_RT_STOP_PREEMPT;
	}
}

static void count_stop(struct umcg_rt_stats *stats, enum umcg_rt_stop why)
{
	switch (why) {
	case UMCG_RT_STOP_BLOCK:
		rt_stats_add(&stats->blocks, 1);
		break;
	case UMCG_RT_STOP_PARK:
		rt_stats_add(&stats->parks, 1);
		break;
	case UMCG_RT_STOP_YIELD:
		rt_stats_add(&stats->yields, 1);
		break;
	case UMCG_RT_STOP_PREEMPT:
		rt_stats_add(&stats->preempts, 1);
		break;
	case UMCG_RT_STOP_EXIT:
		break; /* counted when it is seen to be the end */
	}
}

/* Who stopped need not be who was run: workers hand over to each other. */
static void stopped(struct server *s, __u64 ran_ns)
{
	struct umcg_rt *rt = s->rt;
	__u32 cur = umcg_cur(s->self), slot = UMCG_CUR_SLOT(cur);
	struct umcg_task *t = umcg_slot(rt->group, slot);
	struct record *r = rt_record(rt, slot);
	enum umcg_rt_stop why;

	if (!t)
		return;
	why = stop_of(cur, r, t);
	rt_stats_add(&s->stats.run_ns, ran_ns);
	rt_stats_add(&r->stats.run_ns, ran_ns);
	count_stop(&s->stats, why);
	count_stop(&r->stats, why);
	r->w.ran_ns = ran_ns;
	if (rt->policy->stopped)
		rt_queue_stopped(s, r, why);
	/* the slot keeps its gen until our next WAIT */
	if (UMCG_CUR_WHY(cur) == UMCG_CUR_EXIT)
		rt_record_gone(s, r, __atomic_load_n(&t->gen, __ATOMIC_RELAXED));
	else if (why == UMCG_RT_STOP_EXIT)
		rt_record_retires(s, r);
}

static void count_run(struct server *s, struct record *r, __u64 begin)
{
	__u64 since = r->w.runnable_ns;
	__u64 waited = since && begin > since ? begin - since : 0;
	struct umcg_rt_stats *both[] = { &s->stats, &r->stats };

	for (int i = 0; i < 2; i++) {
		rt_stats_add(&both[i]->runs, 1);
		rt_stats_add(&both[i]->wait_ns, waited);
		rt_stats_max(&both[i]->wait_max_ns, waited);
	}
}

/* Its WAIT has returned while the worker runs: see what is new, then sleep on. */
static void while_it_runs(struct server *s)
{
	while (UMCG_CUR_WHY(umcg_cur(s->self)) == UMCG_CUR_RUNNING) {
		gather(s);
		share(s);
		if (__atomic_load_n(&s->preempting, __ATOMIC_SEQ_CST))
			umcg_kick(s->rt->group, s->tid, UMCG_KICK_CURRENT);
		umcg_wait(s->rt->group, 0, 0);
	}
}

/*
 * A worker that could not be started is asleep in the kernel, or on a list again, or runs
 * because another has handed over to it: it comes back by a list, and is forgotten here.
 */
static void run(struct server *s, struct record *r)
{
	struct umcg_rt *rt = s->rt;
	struct umcg_task *t = umcg_slot(rt->group, (__u32)(r - rt->records));
	__u32 home = rt_preempts(rt) ? s->tid : 0;
	__u64 begin = rt_now();
	__u32 tid = r->w.tid;

	if (__atomic_load_n(&t->server_tid, __ATOMIC_RELAXED) != home)
		__atomic_store_n(&t->server_tid, home, __ATOMIC_RELAXED);
	count_run(s, r, begin);
	umcg_run(rt->group, s->self, tid, 0, 0);
	if (umcg_next_tid(s->self) & UMCG_TID_RUNNING) {
		while_it_runs(s);
		stopped(s, rt_now() - begin);
	} else {
		rt_stats_add(&s->stats.runs, (__u64)-1);
		rt_stats_add(&r->stats.runs, (__u64)-1);
	}
	__atomic_store_n(&s->running, NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&s->preempting, 0, __ATOMIC_SEQ_CST);
}

static bool is_stopping(const struct umcg_rt *rt)
{
	return __atomic_load_n(&rt->stopping, __ATOMIC_SEQ_CST);
}

/*
 * A kick that comes between the look and the sleep is kept by the kernel for the next
 * WAIT, so none is lost.
 */
static int idle(struct server *s)
{
	struct umcg_rt *rt = s->rt;
	int error = 0;

	__atomic_add_fetch(&rt->idlers, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&s->idle, 1, __ATOMIC_SEQ_CST);
	if (rt_queues_are_empty(rt) && !is_stopping(rt)) {
		rt_stats_add(&s->stats.idles, 1);
		error = umcg_run(rt->group, s->self, 0, 0, 0);
	}
	if (__atomic_exchange_n(&s->idle, 0, __ATOMIC_SEQ_CST))
		__atomic_sub_fetch(&rt->idlers, 1, __ATOMIC_SEQ_CST);
	return error == -ESHUTDOWN ? error : 0;
}

static struct record *steal(struct server *s)
{
	struct record *r = rt_queue_steal(s);

	if (r)
		rt_stats_add(&s->stats.steals, 1);
	return r;
}

/*
 * Now and then from another's queue first: its server may run one that never stops, and
 * ours never be empty.
 */
static struct record *next(struct server *s)
{
	struct record *r = NULL;

	if (++s->turns % STEAL_EVERY == 0)
		r = steal(s);
	if (!r)
		r = rt_queue_pick(s, s->queue);
	return r ? r : steal(s);
}

static void serve(struct server *s)
{
	struct record *r;

	while (!is_stopping(s->rt)) {
		gather(s);
		r = next(s);
		if (r) {
			picked(s, r);
			share(s);
			run(s, r);
		} else if (idle(s)) {
			return;
		}
	}
}

static int begin(struct server *s)
{
	struct umcg_rt *rt = s->rt;
	struct umcg_register args = {
		.flags = UMCG_REG_SERVER | (rt_preempts(rt) ? UMCG_REG_NOTIFY : 0),
		.clock = CLOCK_MONOTONIC,
		.slice_ns = rt->slice_ns,
	};
	int error;

	snprintf(s->stats.name, sizeof(s->stats.name), "umcg-server/%u", s->index % 1000);
	prctl(PR_SET_NAME, s->stats.name, 0, 0, 0);
	error = umcg_register(rt->group, &args);
	if (error)
		return error;
	s->slot = args.slot;
	s->self = umcg_slot(rt->group, s->slot);
	s->tid = __atomic_load_n(&s->self->tid, __ATOMIC_RELAXED);
	s->stats.tid = s->tid;
	return 0;
}

void *rt_server_main(void *arg)
{
	struct server *s = arg;
	int error = begin(s);

	/* no worker is there before all servers are: so far libc may be used */
	umcg_join_done(&s->started, (void *)(intptr_t)error);
	if (error)
		return NULL;
	serve(s);
	umcg_unregister(s->rt->group);
	return NULL;
}
