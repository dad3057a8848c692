// SPDX-License-Identifier: MIT
/*
 * server.c - a server, which schedules the other threads, first come, first served
 *
 * Every worker has the group list as its home: the kernel puts it there when it
 * wakes. A server takes that list, and its own, puts what it finds into the queue
 * which all servers share, and runs the oldest. While the worker runs the server
 * sleeps in the kernel; it comes back when the worker blocks or ends.
 *
 * The one rule for code in this file: a server takes no lock a worker could hold.
 * A worker may be stopped anywhere, in the middle of malloc() or printf(), with
 * their locks; only a server can let it go on, and a server that waits for the
 * lock never will. So no memory is allocated here, nothing is printed, and all
 * signals are blocked. The queue's lock is the servers' own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched.h"

static uint32_t worker_name(uint32_t slot)
{
	return umcg_slot(sched.group, slot)->user;
}

/* Move the kernel's list of @slot (a server, or 0 for the group) to the queue. */
static void take(struct server *s, uint32_t slot)
{
	struct umcg_list list;
	uint32_t worker, name, events;

	umcg_list_init(&list);
	umcg_list_take(sched.group, slot, &list);
	while (!umcg_list_empty(&list)) {
		name = worker_name(list.first); /* while the slot is surely its */
		worker = umcg_list_pop(sched.group, &list, &events);
		if (!worker)
			break;
		if (events & UMCG_EV_REHOMED)
			take(s, worker); /* a server died and left us its list */
		if (events & (UMCG_EV_EXIT | UMCG_EV_REHOMED))
			continue;
		s->stats.wakes++;
		timeline_add(s->index, now_ns(), EV_TAKE, worker, name, 0);
		queue_push(worker);
	}
}

/* Others may idle while we hold more than we can run: get them up. */
static void share(struct server *s, uint32_t spare)
{
	for (int i = 0; i < sched.count && spare; i++) {
		struct server *other = &sched.server[i];

		if (other == s || !__atomic_load_n(&other->idle, __ATOMIC_SEQ_CST) ||
		    !__atomic_exchange_n(&other->idle, 0, __ATOMIC_SEQ_CST))
			continue;
		umcg_kick(sched.group, other->tid, 0);
		spare--;
	}
}

/* @busy: how many of the queue we are going to run ourselves, 0 or 1. */
static void gather(struct server *s, uint32_t busy)
{
	uint32_t length;

	take(s, s->slot);
	take(s, 0);
	length = queue_length();
	if (length > busy)
		share(s, length - busy);
}

/* The worker blocked: in what? If somebody has run it since, nobody can tell. */
static int blocked_in(uint32_t slot)
{
	uint32_t state = umcg_state(umcg_slot(sched.group, slot));

	if (UMCG_STATE(state) != UMCG_TASK_BLOCKED &&
	    UMCG_STATE(state) != UMCG_TASK_RUNNABLE)
		return CALL_UNKNOWN;
	if (UMCG_BLOCKED_IN(state) == UMCG_BLOCKED_FAULT)
		return CALL_FAULT;
	return UMCG_BLOCKED_IN(state);
}

static void stopped(struct server *s, uint32_t slot, uint32_t name, uint64_t end)
{
	enum event_kind kind = EV_STOP;
	int call = 0;

	switch (UMCG_CUR_WHY(umcg_cur(s->self))) {
	case UMCG_CUR_BLOCK:
		kind = EV_BLOCK;
		call = blocked_in(slot);
		stats_block(&s->stats, call);
		break;
	case UMCG_CUR_EXIT:
		kind = EV_EXIT;
		break;
	}
	timeline_add(s->index, end, kind, slot, name, call);
}

static void run(struct server *s, uint32_t slot)
{
	struct umcg_task *worker = umcg_slot(sched.group, slot);
	uint64_t begin = now_ns(), end;
	uint32_t name = worker->user;

	umcg_run(sched.group, s->self, worker->tid, 0, 0);
	if (!(umcg_next_tid(s->self) & UMCG_TID_RUNNING)) {
		/*
		 * It was not started. EAGAIN: it was stopped or traced where it
		 * lay and is asleep in the kernel, or it is on a list again. It
		 * comes back by a list, so forget it.
		 */
		s->stats.missed++;
		return;
	}
	s->stats.switches++;
	timeline_add(s->index, begin, EV_RUN, slot, name, 0);
	/* Woken while it runs: see what is new, then sleep on (TID_RUNNING). */
	while (UMCG_CUR_WHY(umcg_cur(s->self)) == UMCG_CUR_RUNNING) {
		gather(s, 0);
		umcg_wait(sched.group, 0, 0);
	}
	end = now_ns();
	s->stats.busy += end - begin;
	stopped(s, slot, name, end);
}

/*
 * idle is published before the queue is looked at, and others push to the queue
 * before they look at idle. Their kick is kept by the kernel for our next WAIT,
 * so one that comes between our look and our sleep is not lost.
 */
static void idle(struct server *s)
{
	__atomic_store_n(&s->idle, 1, __ATOMIC_SEQ_CST);
	if (!queue_length() && !__atomic_load_n(&sched.ending, __ATOMIC_SEQ_CST)) {
		s->stats.idles++;
		timeline_add(s->index, now_ns(), EV_IDLE, 0, 0, 0);
		umcg_run(sched.group, s->self, 0, 0, 0);
	}
	__atomic_store_n(&s->idle, 0, __ATOMIC_SEQ_CST);
}

void *server_main(void *arg)
{
	struct server *s = arg;
	sigset_t all;
	int slot;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	slot = umcg_register_server(sched.group, s->index);
	if (slot < 0) {
		fprintf(stderr, "httpd: registering a server: %s\n", strerror(-slot));
		exit(1);
	}
	s->slot = slot;
	s->self = umcg_slot(sched.group, slot);
	s->tid = s->self->tid;
	s->stats.started = now_ns();
	pthread_barrier_wait(&sched.registered);
	/* From here on there are workers, and the rule above holds. */
	while (!__atomic_load_n(&sched.ending, __ATOMIC_SEQ_CST)) {
		uint32_t next;

		gather(s, 1);
		next = queue_pop();
		if (next)
			run(s, next);
		else
			idle(s);
	}
	s->stats.ended = now_ns();
	umcg_unregister(sched.group);
	return NULL;
}
