// SPDX-License-Identifier: GPL-2.0-only
/* A server is gone: another one inherits, and the last one frees everybody. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "suite.h"

static struct umcg_group *group;
static struct server heir;

/* A second server, whose thread does what the test tells it. */
struct victim {
	struct server server;
	pthread_t thread;
	void (*act)(struct server *s);
	int stage; /* 1: registered, 2: may go */
	bool unregister;
};

static struct victim victim;

static void *victim_main(void *arg)
{
	struct victim *v = arg;

	server_start(&v->server, group);
	__atomic_store_n(&v->stage, 1, __ATOMIC_SEQ_CST);
	if (v->act)
		v->act(&v->server);
	wait_for(__atomic_load_n(&v->stage, __ATOMIC_SEQ_CST) == 2);
	if (v->unregister)
		expect_eq(umcg_unregister(group), 0);
	return NULL;
}

static void begin(void)
{
	group = open_group();
	server_start(&heir, group);
	expect(!pthread_create(&victim.thread, NULL, victim_main, &victim));
	wait_for(__atomic_load_n(&victim.stage, __ATOMIC_SEQ_CST) == 1);
}

static void let_go(void)
{
	__atomic_store_n(&victim.stage, 2, __ATOMIC_SEQ_CST);
	pthread_join(victim.thread, NULL);
}

static void wait_for_any(void)
{
	while (umcg_list_empty(&heir.list)) {
		umcg_list_take(group, heir.slot, &heir.list);
		umcg_list_take(group, 0, &heir.list);
		if (umcg_list_empty(&heir.list))
			ck_assert_int_eq(umcg_run(group, heir.self, 0, 0, 0),
					 0);
	}
}

/* The dead server's slot comes by the list; its own list is drained then. */
static void expect_rehomed(void)
{
	struct umcg_task *t;
	__u32 events, slot;

	wait_for_any();
	slot = heir.list.first;
	t = umcg_slot(group, slot);
	ck_assert_uint_eq(slot, victim.server.slot);
	ck_assert_uint_eq(UMCG_STATE(umcg_state(t)), UMCG_TASK_NONE);
	ck_assert_uint_eq(t->tid, victim.server.tid);
	ck_assert_uint_eq(t->user, (unsigned long)&victim.server);
	umcg_list_take(group, slot, &heir.list);
	ck_assert_uint_eq(umcg_list_pop(group, &heir.list, &events), slot);
	ck_assert_uint_eq(events,
			  UMCG_EV_QUEUED | UMCG_EV_EXIT | UMCG_EV_REHOMED);
}

static long nothing(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

static void queued_at_its_end(bool unregister)
{
	struct worker w[2] = { { .run = nothing }, { .run = nothing } };
	int i;

	victim.unregister = unregister;
	begin();
	for (i = 0; i < 2; i++) {
		worker_start(&w[i], group, victim.server.tid);
		wait_for(w[i].args.slot &&
			 list_newest(victim.server.self) == w[i].args.slot);
	}
	server_expect_none(&heir);
	let_go();
	expect_rehomed();
	for (i = 0; i < 2; i++) {
		server_expect(&heir, &w[i], UMCG_EV_WAKE);
		server_finish(&heir, &w[i]);
	}
	server_expect_none(&heir);
}

START_TEST(its_list_is_inherited)
{
	queued_at_its_end(false);
}
END_TEST

START_TEST(its_list_is_inherited_when_it_unregisters)
{
	queued_at_its_end(true);
}
END_TEST

/* Its WAIT returns with that, but it does not look. */
static void run_to_its_end(struct server *s)
{
	struct worker *w = server_next(s, NULL);

	ck_assert_int_eq(server_run(s, w), UMCG_CUR_EXIT);
}

/* What it was told last can still be read: its cur, and the slot of that worker. */
START_TEST(what_it_has_not_looked_at)
{
	struct worker w = { .run = nothing }, other[3] = { 0 };
	struct umcg_task *t;
	__u32 slot;
	int i;

	victim.act = run_to_its_end;
	victim.unregister = true;
	begin();
	worker_start(&w, group, victim.server.tid);
	pthread_join(w.thread, NULL);
	wait_for(UMCG_CUR_WHY(umcg_cur(victim.server.self)) == UMCG_CUR_EXIT);
	let_go();
	slot = UMCG_CUR_SLOT(umcg_cur(victim.server.self));
	ck_assert_uint_eq(slot, w.args.slot);
	for (i = 0; i < 3; i++) {
		other[i].run = nothing;
		worker_start(&other[i], group, heir.tid);
		wait_for(list_newest(heir.self) == other[i].args.slot);
		ck_assert_uint_ne(other[i].args.slot, slot);
	}
	t = umcg_slot(group, slot);
	ck_assert_uint_eq(t->tid, w.tid);
	ck_assert_uint_eq(t->user, (unsigned long)&w);
	ck_assert_uint_eq(UMCG_STATE(umcg_state(t)), UMCG_TASK_NONE);
	expect_rehomed();
	for (i = 0; i < 3; i++) {
		server_expect(&heir, &other[i], UMCG_EV_WAKE);
		server_finish(&heir, &other[i]);
	}
	/* now it is given out again, the lowest first */
	worker_hire(&heir, &other[0]);
	ck_assert_uint_le(other[0].args.slot, slot);
	server_finish(&heir, &other[0]);
}
END_TEST

static int ends[2];

static long read_pipe(struct worker *w)
{
	char byte;
	long n;

	step_set(w, 1);
	n = read(ends[0], &byte, 1);
	step_set(w, 2);
	return n;
}

static void run_reader(struct server *s)
{
	static struct worker w = { .run = read_pipe };

	worker_hire(s, &w);
	expect_eq(server_run(s, &w), UMCG_CUR_BLOCK);
	__atomic_store_n(&s->self->user, (unsigned long)&w, __ATOMIC_SEQ_CST);
}

/* Blocked when its home died: it comes back to some list that is looked at. */
START_TEST(a_blocked_one_comes_back_elsewhere)
{
	struct worker *w;

	expect_sys(pipe(ends));
	victim.act = run_reader;
	begin();
	wait_for(victim.server.self->user != (unsigned long)&victim.server);
	w = (struct worker *)(uintptr_t)victim.server.self->user;
	victim.server.self->user = (unsigned long)&victim.server;
	let_go();
	expect_rehomed();
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&heir, w, UMCG_EV_WAKE);
	ck_assert_uint_ne(worker_slot(w)->server_tid, victim.server.tid);
	ck_assert_uint_eq(step_get(w), 1);
	server_finish(&heir, w);
	ck_assert_int_eq(w->result, 1);
}
END_TEST

static int stop;

static long spin(struct worker *w)
{
	unsigned int i = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		step_set(w, ++i);
		cpu_relax();
	}
	return 0;
}

static struct worker spinner = { .run = spin };

static void run_spinner(struct server *s)
{
	worker_hire(s, &spinner);
	server_leave_running(s, &spinner);
}

static void expect_stopped(void)
{
	__u32 events;

	ck_assert_ptr_eq(server_next(&heir, &events), &spinner);
	ck_assert(events & UMCG_EV_PREEMPT);
}

/* Running when its server died: it is stopped, and waits for another one. */
START_TEST(a_running_one_is_stopped)
{
	unsigned int before;
	bool stopped_first;

	victim.act = run_spinner;
	begin();
	wait_for(step_get(&spinner));
	let_go();
	/* it is kicked before its server is put on a list: either may come first */
	wait_for_any();
	stopped_first = heir.list.first != victim.server.slot;
	if (stopped_first)
		expect_stopped();
	expect_rehomed();
	if (!stopped_first)
		expect_stopped();
	before = step_get(&spinner);
	sleep_ns(10 * MSEC);
	ck_assert_uint_eq(step_get(&spinner), before);
	server_leave_running(&heir, &spinner);
	wait_for(step_get(&spinner) > before);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&heir, &spinner), UMCG_CUR_EXIT);
}
END_TEST

static struct fifo fifo;
static int working;

#define CROWD	30
#define SERVERS	4

static long sleep_and_yield(struct worker *w)
{
	unsigned int i;

	while (__atomic_load_n(&working, __ATOMIC_SEQ_CST)) {
		i = step_get(w);
		if (i % 3)
			sleep_ns(i % 5 * 200 * USEC);
		else
			expect_eq(umcg_run(w->group, worker_slot(w), 0,
					   UMCG_WAIT_ENQUEUE, 0), 0);
		step_set(w, i + 1);
	}
	return 0;
}

/* One after the other, in the middle of the work; the last does it all. */
START_TEST(in_the_middle_of_the_work)
{
	static struct worker crowd[CROWD];
	unsigned int before;
	int i, j;

	group = open_group();
	fifo_start(&fifo, group, SERVERS);
	working = 1;
	for (i = 0; i < CROWD; i++) {
		crowd[i].run = sleep_and_yield;
		crowd[i].dies = i % 2;
		worker_start(&crowd[i], group, fifo_home(&fifo, i % SERVERS));
	}
	for (i = 0; i < SERVERS - 1; i++) {
		for (j = 0; j < CROWD; j++) {
			before = step_get(&crowd[j]);
			wait_for(step_get(&crowd[j]) > before + 2);
		}
		fifo_retire(&fifo, i);
	}
	for (j = 0; j < CROWD; j++) {
		before = step_get(&crowd[j]);
		wait_for(step_get(&crowd[j]) > before + 2);
	}
	__atomic_store_n(&working, 0, __ATOMIC_SEQ_CST);
	for (j = 0; j < CROWD; j++)
		pthread_join(crowd[j].thread, NULL);
	wait_for(fifo_ended(&fifo) == CROWD);
	/* a server's end, like a worker's, can be told after its join */
	wait_for(fifo_count(&fifo, FIFO_ADOPTED) >= SERVERS - 1);
	fifo_stop(&fifo);
	fifo_note(&fifo, "servers that left");
	ck_assert_uint_eq(fifo_count(&fifo, FIFO_ADOPTED), SERVERS - 1);
}
END_TEST

static struct worker parked;

static long park(struct worker *w)
{
	worker_park(w);
	return 0;
}

static void have_one_parked(struct server *s)
{
	parked.run = park;
	worker_hire(s, &parked);
	expect_eq(server_run(s, &parked), UMCG_CUR_WAIT);
}

/* It cannot look for another home itself: who wakes it queues it, for the group. */
START_TEST(a_parked_one_is_queued_elsewhere)
{
	victim.act = have_one_parked;
	begin();
	let_go();
	expect_rehomed();
	ck_assert_int_eq(umcg_wake(group, parked.tid), 0);
	server_expect(&heir, &parked, UMCG_EV_WAKE);
	server_finish(&heir, &parked);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("exit_server");

	ADD(s, its_list_is_inherited, 20);
	ADD(s, what_it_has_not_looked_at, 20);
	ADD(s, its_list_is_inherited_when_it_unregisters, 20);
	ADD(s, a_blocked_one_comes_back_elsewhere, 20);
	ADD(s, a_running_one_is_stopped, 20);
	ADD(s, in_the_middle_of_the_work, 60);
	ADD(s, a_parked_one_is_queued_elsewhere, 20);
	return s;
}
