// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

void server_start(struct server *s, struct umcg_group *g)
{
	server_start_as(s, g, 0, 0);
}

void server_start_as(struct server *s, struct umcg_group *g, __u32 modes,
		     __u64 slice_ns)
{
	struct umcg_register args = {
		.flags = UMCG_REG_SERVER | modes,
		.clock = CLOCK_MONOTONIC,
		.user = (uintptr_t)s,
		.slice_ns = slice_ns,
	};

	server_start_with(s, g, &args);
}

void server_start_with(struct server *s, struct umcg_group *g,
		       struct umcg_register *args)
{
	int error = umcg_register(g, args);

	if (error)
		ck_abort_msg("registering a server: %d", error);
	s->group = g;
	s->slot = args->slot;
	s->self = umcg_slot(g, args->slot);
	umcg_list_init(&s->list);
	/* last: whoever waits for a server looks at this */
	__atomic_store_n(&s->tid, gettid(), __ATOMIC_RELEASE);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	int error;

	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	error = umcg_register(w->group, &w->args);
	if (error)
		ck_abort_msg("registering a worker: %d", error);
	w->result = w->run(w);
	if (w->dies)
		return NULL;
	error = umcg_unregister(w->group);
	/* it may have done so itself, or its group has ended */
	expect(!error || error == -EPERM || error == -ESHUTDOWN);
	return NULL;
}

void worker_start(struct worker *w, struct umcg_group *g, __u32 home)
{
	int error;

	w->group = g;
	w->tid = 0;
	w->step = 0;
	if (!w->args.clock)
		w->args.clock = CLOCK_MONOTONIC;
	w->args.flags |= UMCG_REG_WORKER;
	w->args.server_tid = home;
	w->args.user = (uintptr_t)w;
	error = pthread_create(&w->thread, NULL, worker_main, w);
	if (error)
		ck_abort_msg("pthread_create: %d", error);
	/* it has a tid before anybody has a use for it */
	wait_for(__atomic_load_n(&w->tid, __ATOMIC_ACQUIRE));
}

void worker_hire(struct server *s, struct worker *w)
{
	worker_start(w, s->group, s->tid);
	server_expect(s, w, UMCG_EV_WAKE);
}

bool worker_is_there(const struct worker *w)
{
	return __atomic_load_n(&w->args.slot, __ATOMIC_ACQUIRE) &&
	       worker_state(w) == UMCG_TASK_RUNNABLE;
}

struct umcg_task *worker_slot(const struct worker *w)
{
	return umcg_slot(w->group, w->args.slot);
}

__u32 worker_state(const struct worker *w)
{
	return umcg_state(worker_slot(w)) & 0xffff;
}

__u32 worker_blocked_in(const struct worker *w)
{
	return UMCG_BLOCKED_IN(umcg_state(worker_slot(w)));
}

void step_set(struct worker *w, unsigned int step)
{
	__atomic_store_n(&w->step, step, __ATOMIC_SEQ_CST);
}

unsigned int step_get(const struct worker *w)
{
	return __atomic_load_n(&w->step, __ATOMIC_SEQ_CST);
}

__u32 list_newest(const struct umcg_task *t)
{
	return __atomic_load_n(&t->head, __ATOMIC_ACQUIRE);
}

struct worker *server_poll(struct server *s, __u32 *events)
{
	struct umcg_task *t;
	struct worker *w;

	if (umcg_list_empty(&s->list)) {
		umcg_list_take(s->group, s->slot, &s->list);
		umcg_list_take(s->group, 0, &s->list);
	}
	if (umcg_list_empty(&s->list))
		return NULL;
	/* before the pop: a dead one's slot is another's after it */
	t = umcg_slot(s->group, s->list.first);
	w = (struct worker *)(uintptr_t)t->user;
	umcg_list_pop(s->group, &s->list, events);
	return w;
}

struct worker *server_next(struct server *s, __u32 *events)
{
	struct worker *w;
	int error;

	while (!(w = server_poll(s, events))) {
		error = umcg_run(s->group, s->self, 0, 0, 0);
		if (error && error != -EINTR)
			ck_abort_msg("idling: %d", error);
	}
	return w;
}

void server_expect(struct server *s, struct worker *w, __u32 events)
{
	__u32 seen;
	struct worker *next = server_next(s, &seen);

	if (next != w)
		ck_abort_msg("queued is tid %d, not %d", next->tid, w->tid);
	expect_eq(seen, events | UMCG_EV_QUEUED);
}

void server_expect_none(struct server *s)
{
	__u32 events;
	struct worker *w = server_poll(s, &events);

	if (w)
		ck_abort_msg("tid %d is queued (%#x)", w->tid, events);
}

int server_switch(struct server *s, struct worker *w, __u64 timeout)
{
	return umcg_run(s->group, s->self, w->tid, 0, timeout);
}

__u32 server_wait(struct server *s, struct worker *w)
{
	__u32 cur;
	int error;

	for (;;) {
		cur = umcg_cur(s->self);
		expect_eq(UMCG_CUR_SLOT(cur), w->args.slot);
		if (UMCG_CUR_WHY(cur) != UMCG_CUR_RUNNING)
			return UMCG_CUR_WHY(cur);
		error = umcg_wait(s->group, 0, 0);
		/* EAGAIN: it has stopped between the look and the call */
		if (error && error != -EINTR && error != -EAGAIN)
			ck_abort_msg("waiting for a worker: %d", error);
	}
}

__u32 server_run(struct server *s, struct worker *w)
{
	int error = server_switch(s, w, 0);

	if (error && error != -EINTR)
		ck_abort_msg("switching to tid %d: %d", w->tid, error);
	expect_eq(umcg_next_tid(s->self), w->tid | UMCG_TID_RUNNING);
	return server_wait(s, w);
}

__u32 server_run_on(struct server *s, struct worker *w)
{
	int error = server_switch(s, w, 0);
	__u32 cur;

	if (error && error != -EINTR)
		ck_abort_msg("switching to tid %d: %d", w->tid, error);
	while (UMCG_CUR_WHY(cur = umcg_cur(s->self)) == UMCG_CUR_RUNNING)
		umcg_wait(s->group, 0, 0);
	return cur;
}

void server_leave_running(struct server *s, struct worker *w)
{
	int error;

	/* on a slow machine the time may be over before it is started */
	do {
		error = server_switch(s, w, now() + 2 * MSEC);
	} while (error == -ETIMEDOUT &&
		 !(umcg_next_tid(s->self) & UMCG_TID_RUNNING));
	/* what was pending before makes it return early */
	while (!error)
		error = umcg_wait(s->group, 0, now() + 2 * MSEC);
	expect_eq(error, -ETIMEDOUT);
	expect_eq(umcg_next_tid(s->self), w->tid | UMCG_TID_RUNNING);
	expect_eq(umcg_cur(s->self), w->args.slot | UMCG_CUR_RUNNING);
}

void server_finish(struct server *s, struct worker *w)
{
	expect_eq(server_run(s, w), UMCG_CUR_EXIT);
	pthread_join(w->thread, NULL);
}

bool server_try(struct server *s, struct worker *w)
{
	int error = server_switch(s, w, 0);

	if (error == -EAGAIN || error == -ESRCH)
		return false;
	expect_eq(error, 0);
	while (UMCG_CUR_WHY(umcg_cur(s->self)) == UMCG_CUR_RUNNING)
		umcg_wait(s->group, 0, 0);
	return true;
}

void server_run_out(struct server *s, struct worker *w)
{
	__u32 events = 0;
	int error;

	for (;;) {
		error = server_switch(s, w, 0);
		if (error && error != -EINTR && error != -EAGAIN &&
		    error != -ESRCH)
			ck_abort_msg("switching to tid %d: %d", w->tid, error);
		if ((!error || error == -EINTR) &&
		    server_wait(s, w) == UMCG_CUR_EXIT)
			break;
		expect(server_next(s, &events) == w);
		if (events & UMCG_EV_EXIT)
			break;
	}
	pthread_join(w->thread, NULL);
}

long worker_spin(struct worker *w)
{
	unsigned int i = step_get(w);

	while (!__atomic_load_n((int *)w->arg, __ATOMIC_SEQ_CST)) {
		step_set(w, ++i);
		cpu_relax();
	}
	return 0;
}

void worker_park(struct worker *w)
{
	int error = umcg_run(w->group, worker_slot(w), 0, 0, 0);

	if (error && error != -ESHUTDOWN)
		ck_abort_msg("parking: %d", error);
}
