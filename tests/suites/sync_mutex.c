// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mutex of libumcg-sync: to whom the turn goes while somebody waits, and that nobody
 * else is ever inside. How it goes with plain threads alone is in tests/unit/sync.c.
 */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "mixed.h"
#include "suite.h"

static struct server boss;
static struct umcg_group *group;
static struct umcg_mutex mutex;

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

/* Locks, and parks inside if @arg is set. */
static long lock_once(struct worker *w)
{
	worker_attach(w);
	step_set(w, 1);
	umcg_mutex_lock(&mutex);
	step_set(w, 2);
	if (w->arg)
		worker_park(w);
	expect_eq(umcg_mutex_unlock(&mutex), 0);
	step_set(w, 3);
	worker_park(w);
	return 0;
}

static long step_once(struct worker *w)
{
	step_set(w, 1);
	worker_park(w);
	return 0;
}

/* A holder that is parked, so that the others have to wait. */
static void hold(struct worker *w)
{
	w->run = lock_once;
	w->arg = w;
	worker_hire(&boss, w);
	expect_eq(server_run(&boss, w), UMCG_CUR_WAIT);
	expect_eq(step_get(w), 2);
}

/* Lets @w unlock, and park behind that. */
static void let_go(struct worker *w)
{
	expect_eq(server_run(&boss, w), UMCG_CUR_WAIT);
	expect_eq(step_get(w), 3);
}

START_TEST(waits_for_its_server)
{
	struct worker a = {}, b = { .run = lock_once };

	begin();
	hold(&a);
	worker_hire(&boss, &b);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	ck_assert_uint_eq(worker_state(&b), UMCG_TASK_RUNNABLE | UMCG_TF_PARKED);
	server_expect_none(&boss);
	let_go(&a);
	/* that woke it, and it has the mutex already */
	server_expect(&boss, &b, UMCG_EV_WAKE);
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), -EBUSY);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&b), 3);
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), 0);
	server_finish(&boss, &a);
	server_finish(&boss, &b);
}
END_TEST

/* Those who are queued run one after the other, in that order, with no server between. */
static void turn_goes_round(__u32 home)
{
	struct worker a = {}, b = { .run = lock_once }, c = { .run = lock_once };
	struct worker d = { .run = step_once }, e = { .run = step_once };

	begin();
	hold(&a);
	worker_hire(&boss, &b);
	worker_start(&c, group, home ? boss.tid : 0);
	wait_for(worker_is_there(&c));
	worker_start(&d, group, home ? boss.tid : 0);
	wait_for(worker_is_there(&d));
	worker_start(&e, group, home ? boss.tid : 0);
	wait_for(worker_is_there(&e));
	/* b waits and c runs, c waits and d runs, d parks and the server has its turn */
	ck_assert_uint_eq(server_run_on(&boss, &b), d.args.slot | UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&b), 1);
	ck_assert_uint_eq(step_get(&c), 1);
	ck_assert_uint_eq(step_get(&d), 1);
	ck_assert_uint_eq(step_get(&e), 0);
	/* who was behind is still there */
	server_expect(&boss, &e, UMCG_EV_WAKE);
	server_expect_none(&boss);
	let_go(&a);
	server_expect(&boss, &b, UMCG_EV_WAKE);
	server_expect_none(&boss);
	/* b unlocks, c is woken, b parks */
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	server_expect(&boss, &c, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &c), UMCG_CUR_WAIT);
	server_finish(&boss, &a);
	server_finish(&boss, &b);
	server_finish(&boss, &c);
	server_finish(&boss, &d);
	ck_assert_int_eq(server_run(&boss, &e), UMCG_CUR_WAIT);
	server_finish(&boss, &e);
}

START_TEST(turn_goes_round_its_server)
{
	turn_goes_round(1);
}
END_TEST

START_TEST(turn_goes_round_the_group)
{
	turn_goes_round(0);
}
END_TEST

START_TEST(rest_keeps_its_order)
{
	struct worker a = {}, b = { .run = lock_once };
	struct worker rest[5] = {};
	int i;

	begin();
	hold(&a);
	worker_hire(&boss, &b);
	for (i = 0; i < 5; i++) {
		rest[i].run = step_once;
		worker_start(&rest[i], group, boss.tid);
		wait_for(worker_is_there(&rest[i]));
	}
	ck_assert_uint_eq(server_run_on(&boss, &b), rest[0].args.slot | UMCG_CUR_WAIT);
	for (i = 1; i < 5; i++) {
		server_expect(&boss, &rest[i], UMCG_EV_WAKE);
		ck_assert_int_eq(server_run(&boss, &rest[i]), UMCG_CUR_WAIT);
	}
	let_go(&a);
	server_expect(&boss, &b, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	server_finish(&boss, &a);
	server_finish(&boss, &b);
	for (i = 0; i < 5; i++)
		server_finish(&boss, &rest[i]);
}
END_TEST

/* A token makes its WAIT return at once: whom it had picked is queued again. */
START_TEST(token_gives_back)
{
	struct worker a = {}, b = { .run = lock_once }, c = { .run = step_once };

	begin();
	hold(&a);
	worker_hire(&boss, &b);
	worker_start(&c, group, boss.tid);
	wait_for(worker_is_there(&c));
	ck_assert_int_eq(umcg_wake(group, b.tid), 1);
	ck_assert_uint_eq(server_run_on(&boss, &b), c.args.slot | UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&b), 1);
	ck_assert_uint_eq(step_get(&c), 1);
	server_expect_none(&boss);
	let_go(&a);
	server_expect(&boss, &b, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	server_finish(&boss, &a);
	server_finish(&boss, &b);
	server_finish(&boss, &c);
}
END_TEST

/* WAKEs and switches that mean something else end no wait. */
START_TEST(others_wake_it)
{
	struct worker a = {}, b = { .run = lock_once };
	int i;

	begin();
	hold(&a);
	worker_hire(&boss, &b);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(umcg_wake(group, b.tid), 0);
		server_expect(&boss, &b, UMCG_EV_WAKE);
		ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
		ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
		ck_assert_uint_eq(step_get(&b), 1);
	}
	let_go(&a);
	server_expect(&boss, &b, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&b), 3);
	server_finish(&boss, &a);
	server_finish(&boss, &b);
}
END_TEST

static long lock_for_a_while(struct worker *w)
{
	__u64 until = now() + LONG_ENOUGH;

	worker_attach(w);
	step_set(w, 1);
	w->result = umcg_mutex_timedlock(&mutex, until);
	expect(!w->result || now() >= until);
	step_set(w, 2);
	return w->result;
}

START_TEST(time_passes)
{
	struct worker a = {}, b = { .run = lock_for_a_while };
	struct worker c = { .run = lock_once };

	begin();
	hold(&a);
	worker_hire(&boss, &c);
	ck_assert_int_eq(server_run(&boss, &c), UMCG_CUR_WAIT);
	worker_hire(&boss, &b);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	server_expect(&boss, &b, UMCG_EV_TIMEOUT);
	server_finish(&boss, &b);
	ck_assert_int_eq(b.result, -ETIMEDOUT);
	/* who waited before it has lost nothing */
	let_go(&a);
	server_expect(&boss, &c, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &c), UMCG_CUR_WAIT);
	server_finish(&boss, &a);
	server_finish(&boss, &c);
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), 0);
}
END_TEST

/* Its time passes, but it was handed the mutex before it could say so. */
START_TEST(handed_when_time_passes)
{
	struct worker a = {}, b = { .run = lock_for_a_while };

	begin();
	hold(&a);
	worker_hire(&boss, &b);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	server_expect(&boss, &b, UMCG_EV_TIMEOUT);
	let_go(&a);
	server_finish(&boss, &b);
	ck_assert_int_eq(b.result, 0);
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), -EBUSY);
	server_finish(&boss, &a);
}
END_TEST

/* In the child it is no worker any more, and the slots are not there. */
static long fork_and_wait(struct worker *w)
{
	int status = -1;
	pid_t pid;

	worker_attach(w);
	umcg_mutex_lock(&mutex);
	pid = fork();
	if (!pid)
		_exit(umcg_mutex_timedlock(&mutex, now() + 50 * MSEC) == -ETIMEDOUT ? 42 : 43);
	waitpid(pid, &status, 0);
	umcg_mutex_unlock(&mutex);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -status;
}

START_TEST(child_of_fork_is_no_worker)
{
	struct worker w = { .run = fork_and_wait };

	begin();
	worker_hire(&boss, &w);
	server_run_out(&boss, &w);
	ck_assert_int_eq(w.result, 42);
}
END_TEST

static void *lock_as_thread(void *arg)
{
	umcg_mutex_lock(&mutex);
	__atomic_store_n((int *)arg, 1, __ATOMIC_SEQ_CST);
	umcg_mutex_unlock(&mutex);
	return NULL;
}

/* From a worker to a plain thread, and to a worker from one, with no server at all. */
START_TEST(across)
{
	struct worker a = {};
	pthread_t thread;
	int got = 0;

	begin();
	hold(&a);
	expect(!pthread_create(&thread, NULL, lock_as_thread, &got));
	wait_for(__atomic_load_n(&mutex.waiters.first, __ATOMIC_SEQ_CST));
	ck_assert_int_eq(got, 0);
	let_go(&a);
	pthread_join(thread, NULL);
	ck_assert_int_eq(got, 1);
	server_finish(&boss, &a);
}
END_TEST

START_TEST(attach_is_for_its_own_slot)
{
	begin();
	ck_assert_int_eq(umcg_sync_attach(group, 0, 0), -EINVAL);
	ck_assert_int_eq(umcg_sync_attach(group, boss.slot, 2), -EINVAL);
	ck_assert_int_eq(umcg_sync_attach(group, boss.slot + 1, 0), -EINVAL);
	ck_assert_int_eq(umcg_sync_attach(group, UMCG_LIST_END, 0), -EINVAL);
}
END_TEST

/* ---- many ------------------------------------------------------------------- */

#define ROUNDS	fewer(400)

static int inside;
static unsigned long count, missed;
static struct mixed mixed;

static void lock_often(struct actor *a)
{
	unsigned int i;
	int error;

	for (i = 0; i < ROUNDS; i++) {
		if (rand_r(&a->seed) % 4)
			error = umcg_mutex_timedlock(&mutex, mixed_timeout(a));
		else
			error = umcg_mutex_trylock(&mutex);
		a->steps++;
		if (error) {
			expect(error == -ETIMEDOUT || error == -EBUSY);
			__atomic_add_fetch(&missed, 1, __ATOMIC_RELAXED);
			continue;
		}
		expect_eq(__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST), 1);
		mixed_dawdle(a);
		count++;
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		expect_eq(umcg_mutex_unlock(&mutex), 0);
	}
}

START_TEST(of_many)
{
	static const int how_many[ACTOR_KINDS] = { 5, 1, 1, 2, 1 };

	mixed_start(&mixed, open_group(), 2, how_many, lock_often);
	mixed_signals(&mixed);
	mixed_join(&mixed);
	fifo_stop(&mixed.fifo);
	ck_assert_uint_eq(count + missed, mixed.actors * ROUNDS);
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), 0);
	ck_assert_uint_gt(missed, 0);
	note("%lu times inside, %lu times not", count, missed);
	fifo_note(&mixed.fifo, "mutex");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("sync_mutex");

	ADD(s, waits_for_its_server, 20);
	ADD(s, turn_goes_round_its_server, 20);
	ADD(s, turn_goes_round_the_group, 20);
	ADD(s, rest_keeps_its_order, 20);
	ADD(s, token_gives_back, 20);
	ADD(s, others_wake_it, 20);
	ADD(s, time_passes, 20);
	ADD(s, handed_when_time_passes, 20);
	ADD(s, child_of_fork_is_no_worker, 20);
	ADD(s, across, 20);
	ADD(s, attach_is_for_its_own_slot, 20);
	ADD(s, of_many, 100);
	return s;
}
