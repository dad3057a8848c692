// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"
#include "fifo.h"
#include "suite.h"

static void count(struct fifo *s, enum fifo_count which)
{
	__atomic_fetch_add(&s->counts[which], 1, __ATOMIC_RELAXED);
}

unsigned long fifo_count(const struct fifo *s, enum fifo_count which)
{
	return __atomic_load_n(&s->counts[which], __ATOMIC_SEQ_CST);
}

unsigned int fifo_turns(const struct fifo *s, __u32 slot)
{
	return __atomic_load_n(&s->turns[slot], __ATOMIC_SEQ_CST);
}

unsigned long fifo_ended(const struct fifo *s)
{
	return fifo_count(s, FIFO_EXITS) + fifo_count(s, FIFO_DEATHS);
}

/* The highest @now ever seen, in @max. */
static void raise_max(int *max, int value)
{
	int old = __atomic_load_n(max, __ATOMIC_RELAXED);

	while (value > old &&
	       !__atomic_compare_exchange_n(max, &old, value, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void all_enter(struct fifo *s)
{
	raise_max(&s->all_user_max,
		  __atomic_add_fetch(&s->all_user, 1, __ATOMIC_SEQ_CST));
}

static void all_leave(struct fifo *s)
{
	__atomic_fetch_sub(&s->all_user, 1, __ATOMIC_SEQ_CST);
}

void user_enter(struct fifo *s)
{
	all_enter(s);
	raise_max(&s->in_user_max,
		  __atomic_add_fetch(&s->in_user, 1, __ATOMIC_SEQ_CST));
}

void user_leave(struct fifo *s)
{
	__atomic_fetch_sub(&s->in_user, 1, __ATOMIC_SEQ_CST);
	all_leave(s);
}

/* WAIT as a server; outside of it, it counts as a thread in user code. */
static int wait_outside(struct fifo_server *me)
{
	int error;

	all_leave(me->fifo);
	error = umcg_wait(me->server.group, 0, 0);
	all_enter(me->fifo);
	return error;
}

static void stopped(struct fifo_server *me, __u32 cur)
{
	struct fifo *s = me->fifo;

	switch (UMCG_CUR_WHY(cur)) {
	case UMCG_CUR_BLOCK:
		__atomic_fetch_add(&s->blocks[UMCG_CUR_SLOT(cur)], 1,
				   __ATOMIC_RELAXED);
		count(s, FIFO_BLOCKS);
		break;
	case UMCG_CUR_WAIT:
		count(s, FIFO_WAITS);
		break;
	case UMCG_CUR_EXIT:
		count(s, FIFO_EXITS);
		break;
	case UMCG_CUR_PREEMPT:
		count(s, FIFO_PREEMPTS);
		break;
	default:
		ck_abort_msg("cur is %#x", cur);
	}
}

/* Run the worker of that slot until its turn ends. */
static void run(struct fifo_server *me, __u32 slot)
{
	struct umcg_task *self = me->server.self;
	__u32 tid = umcg_slot(me->server.group, slot)->tid;
	bool again = false;
	__u32 cur;
	int error;

	__atomic_fetch_add(&me->fifo->turns[slot], 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->next_tid, tid, __ATOMIC_RELAXED);
	for (;;) {
		error = wait_outside(me);
		if (error == -ESRCH && me->fifo->hands_over) {
			count(me->fifo, FIFO_GONE);
			return;
		}
		if (error && error != -EINTR && error != -EAGAIN)
			ck_abort_msg("WAIT for tid %u: %d", tid, error);
		if (!(umcg_next_tid(self) & UMCG_TID_RUNNING)) {
			if (error == -EAGAIN) {
				count(me->fifo, FIFO_REFUSED);
				return;
			}
			/* something was pending before it was started */
			count(me->fifo, FIFO_SPURIOUS);
			continue;
		}
		if (!again)
			count(me->fifo, FIFO_RUNS);
		again = true;
		cur = umcg_cur(self);
		if (UMCG_CUR_WHY(cur) != UMCG_CUR_RUNNING)
			break;
		count(me->fifo, FIFO_SPURIOUS);
	}
	stopped(me, cur);
}

/* One from a list. What is to be known of a dead one is read before the pop. */
static void handle_first(struct fifo_server *me)
{
	struct umcg_group *g = me->server.group;
	struct umcg_list *list = &me->server.list;
	__u32 first = list->first;
	__u32 events = umcg_slot(g, first)->events;

	if (events & UMCG_EV_REHOMED)
		umcg_list_take(g, first, list);
	first = umcg_list_pop(g, list, &events);
	if (events & UMCG_EV_REHOMED)
		count(me->fifo, FIFO_ADOPTED);
	else if (events & UMCG_EV_EXIT)
		count(me->fifo, FIFO_DEATHS);
	else
		run(me, first);
}

static bool told_to_leave(struct fifo_server *me)
{
	return __atomic_load_n(&me->fifo->stop, __ATOMIC_SEQ_CST) ||
	       __atomic_load_n(&me->retire, __ATOMIC_SEQ_CST);
}

static void *serve(void *arg)
{
	struct fifo_server *me = arg;
	struct fifo *s = me->fifo;
	struct server *self = &me->server;
	int error;

	server_start(self, s->group);
	all_enter(s);
	__atomic_fetch_add(&s->running, 1, __ATOMIC_SEQ_CST);
	wait_for(__atomic_load_n(&s->started, __ATOMIC_SEQ_CST));
	for (;;) {
		if (umcg_list_empty(&self->list) && told_to_leave(me))
			break;
		if (umcg_list_empty(&self->list)) {
			umcg_list_take(s->group, self->slot, &self->list);
			umcg_list_take(s->group, 0, &self->list);
		}
		if (!umcg_list_empty(&self->list)) {
			handle_first(me);
			continue;
		}
		count(s, FIFO_IDLES);
		__atomic_store_n(&self->self->next_tid, 0, __ATOMIC_RELAXED);
		error = wait_outside(me);
		if (error && error != -EINTR)
			ck_abort_msg("idling: %d", error);
	}
	all_leave(s);
	__atomic_fetch_sub(&s->running, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

void fifo_prepare(struct fifo *s, struct umcg_group *g, int servers)
{
	struct umcg_query q;
	int i;

	umcg_query(g, &q);
	memset(s, 0, sizeof(*s));
	s->group = g;
	s->servers = servers;
	s->blocks = calloc(q.slots_max, sizeof(*s->blocks));
	s->turns = calloc(q.slots_max, sizeof(*s->turns));
	expect(s->blocks && s->turns);
	for (i = 0; i < servers; i++) {
		s->server[i].fifo = s;
		expect(!pthread_create(&s->server[i].thread, NULL, serve,
				       &s->server[i]));
	}
	wait_for(__atomic_load_n(&s->running, __ATOMIC_SEQ_CST) == servers);
}

void fifo_go(struct fifo *s)
{
	__atomic_store_n(&s->started, true, __ATOMIC_SEQ_CST);
}

void fifo_start(struct fifo *s, struct umcg_group *g, int servers)
{
	fifo_prepare(s, g, servers);
	fifo_go(s);
}

/* A kick is kept until the next WAIT, so it is never too early. */
void fifo_retire(struct fifo *s, int server)
{
	struct fifo_server *one = &s->server[server];

	__atomic_store_n(&one->retire, true, __ATOMIC_SEQ_CST);
	umcg_kick(s->group, one->server.tid, 0);
	pthread_join(one->thread, NULL);
}

void fifo_stop(struct fifo *s)
{
	int i;

	__atomic_store_n(&s->stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < s->servers; i++) {
		if (s->server[i].retire)
			continue;
		fifo_retire(s, i);
	}
	/* whoever was started has stopped, once, for one reason */
	expect_eq(s->counts[FIFO_RUNS],
		  s->counts[FIFO_BLOCKS] + s->counts[FIFO_WAITS] +
			  s->counts[FIFO_EXITS] + s->counts[FIFO_PREEMPTS]);
}

__u32 fifo_home(const struct fifo *s, int server)
{
	return server < 0 ? 0 : (__u32)s->server[server].server.tid;
}

void fifo_note(const struct fifo *s, const char *title)
{
	const unsigned long *c = s->counts;

	note("%s: %lu runs, %lu blocks, %lu waits, %lu exits, %lu deaths, "
	     "%lu preemptions, %lu idles, %lu spurious, %lu refused, "
	     "%lu adopted; at most %d workers, %d threads in user code",
	     title, c[FIFO_RUNS], c[FIFO_BLOCKS], c[FIFO_WAITS],
	     c[FIFO_EXITS], c[FIFO_DEATHS], c[FIFO_PREEMPTS], c[FIFO_IDLES],
	     c[FIFO_SPURIOUS], c[FIFO_REFUSED], c[FIFO_ADOPTED],
	     s->in_user_max, s->all_user_max);
}

static void dump_slot(__u32 i, const struct umcg_task *t)
{
	note("slot %u: tid %u (%c) state %#x next %#x events %#x link %#x "
	     "head %#x cur %#x", i, t->tid, proc_state(t->tid) ?: '-', t->state,
	     t->next_tid, t->events, t->link, t->head, t->cur);
}

void fifo_dump(const struct fifo *s)
{
	unsigned int by_state[4] = { 0 }, queued = 0, shown = 0;
	const struct umcg_task *t;
	struct umcg_query q;
	__u32 i;

	umcg_query(s->group, &q);
	dump_slot(0, umcg_slot(s->group, 0));
	for (i = 0; i < (__u32)s->servers; i++)
		dump_slot(s->server[i].server.slot, s->server[i].server.self);
	for (i = 1; i < q.slots_max; i++) {
		t = umcg_slot(s->group, i);
		if (!t->gen)
			break;
		by_state[t->state & 3]++;
		queued += !!(t->events & UMCG_EV_QUEUED);
		/* the odd ones: neither at work nor on a list */
		if (t->state && !(t->events & UMCG_EV_QUEUED) && shown++ < 12)
			dump_slot(i, t);
	}
	note("%u running, %u runnable, %u blocked; %u queued", by_state[1],
	     by_state[2], by_state[3], queued);
	fifo_note(s, "so far");
}
