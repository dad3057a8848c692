// SPDX-License-Identifier: GPL-2.0-only
/* KICK: a worker that will not stop by itself is stopped. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "suite.h"

static struct server boss;
static struct umcg_group *group;
static int stop;

static bool begin(void)
{
	group = open_group();
	return has_features(group, UMCG_FEAT_KICK);
}

#define NO_KICK	"the module does not preempt"

static long spin(struct worker *w)
{
	unsigned int i = step_get(w);

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		step_set(w, ++i);
		cpu_relax();
	}
	return 0;
}

struct kicker {
	struct worker *w;
	__u32 tid, flags;
	pthread_t thread;
};

/* Once the worker has done something in this turn. */
static void *kick(void *arg)
{
	struct kicker *k = arg;
	unsigned int before = step_get(k->w);

	wait_for(step_get(k->w) > before + 3);
	expect_eq(umcg_kick(group, k->tid, k->flags), 0);
	return NULL;
}

static void kicked_often(__u32 (*tid)(struct worker *), __u32 flags)
{
	struct worker w = { .run = spin };
	struct kicker k = { .w = &w, .flags = flags };
	unsigned int held;
	int i;

	server_start(&boss, group);
	worker_hire(&boss, &w);
	k.tid = tid(&w);
	for (i = 0; i < 10; i++) {
		expect(!pthread_create(&k.thread, NULL, kick, &k));
		ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_PREEMPT);
		pthread_join(k.thread, NULL);
		server_expect(&boss, &w, UMCG_EV_PREEMPT);
		ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNABLE);
		held = step_get(&w);
		sleep_ns(5 * MSEC);
		ck_assert_uint_eq(step_get(&w), held);
		ck_assert_int_eq(umcg_kick(group, w.tid, 0), -EAGAIN);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	server_finish(&boss, &w);
}

static __u32 the_worker(struct worker *w)
{
	return w->tid;
}

static __u32 its_server(struct worker *w)
{
	(void)w;
	return boss.tid;
}

START_TEST(by_its_own_name)
{
	if (!begin())
		skip(NO_KICK);
	kicked_often(the_worker, 0);
}
END_TEST

START_TEST(by_its_servers_name)
{
	if (!begin())
		skip(NO_KICK);
	kicked_often(its_server, UMCG_KICK_CURRENT);
}
END_TEST

static int ends[2];

static long read_pipe(struct worker *w)
{
	char byte;

	(void)w;
	return read(ends[0], &byte, 1);
}

/* Not running is not kicked: its call is not disturbed. */
START_TEST(a_blocked_one)
{
	struct worker w = { .run = read_pipe };

	if (!begin())
		skip(NO_KICK);
	expect_sys(pipe(ends));
	server_start(&boss, group);
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	ck_assert_int_eq(umcg_kick(group, w.tid, 0), -EAGAIN);
	ck_assert_int_eq(umcg_kick(group, boss.tid, UMCG_KICK_CURRENT),
			 -EAGAIN);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, now() + 5 * MSEC),
			 -ETIMEDOUT);
	server_expect_none(&boss);
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, 1);
}
END_TEST

static long kick_itself(struct worker *w)
{
	step_set(w, 1);
	expect_eq(umcg_kick(w->group, w->tid, 0), 0);
	step_set(w, 2);
	return 0;
}

/* "Before it runs more user code": the call does not even return. */
START_TEST(itself)
{
	struct worker w = { .run = kick_itself };

	if (!begin())
		skip(NO_KICK);
	server_start(&boss, group);
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_PREEMPT);
	ck_assert_uint_eq(step_get(&w), 1);
	server_expect(&boss, &w, UMCG_EV_PREEMPT);
	server_finish(&boss, &w);
	ck_assert_uint_eq(step_get(&w), 2);
}
END_TEST

/* --- a turn that goes from hand to hand ---------------------------------- */

static struct worker pair[2];
static int told; /* how often their server's WAIT has returned */

/* EAGAIN: the other one was preempted, and is on its way to the list. */
static long pass_on(struct worker *w)
{
	struct worker *other = &pair[w == &pair[0]];
	int error;

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		step_set(w, step_get(w) + 1);
		error = umcg_run(group, worker_slot(w), other->tid, 0, 0);
		expect(!error || error == -EAGAIN || error == -ESRCH);
	}
	return 0;
}

static bool both_are_gone(void)
{
	return worker_state(&pair[0]) == UMCG_TASK_NONE &&
	       worker_state(&pair[1]) == UMCG_TASK_NONE;
}

static void run_one_of(struct worker *w)
{
	__u32 events;

	while (server_poll(&boss, &events))
		;
	if (server_try(&boss, w))
		__atomic_add_fetch(&told, 1, __ATOMIC_SEQ_CST);
}

static void *serve_pair(void *arg)
{
	int i;

	server_start(&boss, group);
	for (i = 0; i < 2; i++)
		worker_hire(&boss, &pair[i]);
	while (!both_are_gone())
		for (i = 0; i < 2; i++)
			run_one_of(&pair[i]);
	return arg;
}

static unsigned int steps_of_both(void)
{
	return step_get(&pair[0]) + step_get(&pair[1]);
}

/* Somebody of them has run, and somebody again. */
static void they_go_on(void)
{
	unsigned int before = steps_of_both();

	while (steps_of_both() < before + 3)
		cpu_relax();
}

/*
 * A kick that found nobody: if they go on and their server was told nothing since
 * @before, the turn has not ended, and somebody had it all the time.
 */
static bool had_the_turn_all_the_time(int before)
{
	they_go_on();
	return __atomic_load_n(&told, __ATOMIC_SEQ_CST) == before;
}

START_TEST(a_turn_that_is_handed_on)
{
	unsigned int i, kicks = 0, missed = 0;
	pthread_t server;
	int error, before;

	if (!begin())
		skip(NO_KICK);
	pair[0].run = pass_on;
	pair[1].run = pass_on;
	expect(!pthread_create(&server, NULL, serve_pair, NULL));
	wait_for(step_get(&pair[0]) && step_get(&pair[1]));
	for (i = 0; i < fewer(2000); i++) {
		before = __atomic_load_n(&told, __ATOMIC_SEQ_CST);
		they_go_on();
		error = umcg_kick(group, boss.tid, UMCG_KICK_CURRENT);
		expect(!error || error == -EAGAIN);
		kicks += !error;
		missed += error && had_the_turn_all_the_time(before);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(server, NULL);
	for (i = 0; i < 2; i++)
		pthread_join(pair[i].thread, NULL);
	note("%u kicks, told %d times", kicks, told);
	ck_assert_uint_gt(kicks, 0);
	ck_assert_uint_eq(missed, 0);
}
END_TEST

/* --- a crowd ------------------------------------------------------------- */

#define CROWD	12
#define KICK_NS	(1500 * MSEC)

static struct fifo fifo;
static struct worker crowd[CROWD];

static long work(struct worker *w)
{
	unsigned int i, j;

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		i = step_get(w) + 1;
		for (j = 0; j < i % 50; j++)
			cpu_relax();
		step_set(w, i);
		if (i % 4)
			continue;
		if (i % 8)
			sleep_ns(i % 5 * 50 * USEC);
		else
			expect_eq(umcg_run(w->group, worker_slot(w), 0,
					   UMCG_WAIT_ENQUEUE, 0), 0);
	}
	return 0;
}

/*
 * At any moment, anybody: kicks fall on user code, on calls, on the way into a
 * block and out of it. Nobody may be lost, and nobody may slip by his hold.
 */
START_TEST(a_crowd)
{
	unsigned long kicks = 0, missed = 0;
	unsigned int before;
	__u64 end;
	int i;

	if (!begin())
		skip(NO_KICK);
	fifo_start(&fifo, group, 2);
	for (i = 0; i < CROWD; i++) {
		crowd[i].run = work;
		crowd[i].dies = i % 2;
		worker_start(&crowd[i], group, fifo_home(&fifo, i % 3 - 1));
	}
	/* nobody is kicked before it is registered */
	for (i = 0; i < CROWD; i++)
		wait_for(step_get(&crowd[i]));
	srand(4711);
	/* on one processor it is long before one falls on somebody who runs */
	for (end = now() + KICK_NS; now() < end || !kicks;
	     sleep_ns(rand() % 100000)) {
		i = rand() % (CROWD + 2);
		if (i < CROWD)
			i = umcg_kick(group, crowd[i].tid, 0);
		else
			i = umcg_kick(group, fifo_home(&fifo, i - CROWD),
				      UMCG_KICK_CURRENT);
		expect(!i || i == -EAGAIN);
		kicks += !i;
		missed += !!i;
	}
	for (i = 0; i < CROWD; i++) {
		before = step_get(&crowd[i]);
		wait_for(step_get(&crowd[i]) > before);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < CROWD; i++)
		pthread_join(crowd[i].thread, NULL);
	wait_for(fifo_ended(&fifo) == CROWD);
	fifo_stop(&fifo);
	fifo_note(&fifo, "kicked");
	note("%lu kicks, %lu fell on nobody", kicks, missed);
	ck_assert_uint_gt(kicks, 0);
	ck_assert_uint_le(fifo_count(&fifo, FIFO_PREEMPTS), kicks);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("kick");

	ADD(s, by_its_own_name, 30);
	ADD(s, by_its_servers_name, 30);
	ADD(s, a_blocked_one, 20);
	ADD(s, itself, 20);
	ADD(s, a_turn_that_is_handed_on, 60);
	ADD(s, a_crowd, 60);
	return s;
}
