// SPDX-License-Identifier: GPL-2.0-only
/* The condition variable of libumcg-sync: no signal is lost, and none counts twice. */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#include <stdlib.h>

#include "clock.h"
#include "crew.h"
#include "mixed.h"
#include "suite.h"

static struct server boss;
static struct umcg_group *group;
static struct umcg_mutex mutex;
static struct umcg_cond cond;
static long tickets, taken, given;

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

static long wait_once(struct worker *w)
{
	int error;

	worker_attach(w);
	umcg_mutex_lock(&mutex);
	step_set(w, 1);
	error = umcg_cond_timedwait(&cond, &mutex, w->arg ? now() + LONG_ENOUGH : 0);
	step_set(w, 2);
	expect_eq(umcg_mutex_unlock(&mutex), 0);
	return error;
}

START_TEST(signals_go_in_order)
{
	struct worker w[3] = {};
	int i;

	begin();
	for (i = 0; i < 3; i++) {
		w[i].run = wait_once;
		worker_hire(&boss, &w[i]);
		ck_assert_int_eq(server_run(&boss, &w[i]), UMCG_CUR_WAIT);
		ck_assert_uint_eq(step_get(&w[i]), 1);
	}
	/* each has unlocked the mutex */
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), 0);
	umcg_cond_signal(&cond);
	server_expect(&boss, &w[0], UMCG_EV_WAKE);
	server_expect_none(&boss);
	/* and wants it back before it goes on */
	ck_assert_int_eq(server_run(&boss, &w[0]), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&w[0]), 1);
	ck_assert_int_eq(umcg_mutex_unlock(&mutex), 0);
	server_expect(&boss, &w[0], UMCG_EV_WAKE);
	server_finish(&boss, &w[0]);
	umcg_cond_broadcast(&cond);
	server_expect(&boss, &w[1], UMCG_EV_WAKE);
	server_expect(&boss, &w[2], UMCG_EV_WAKE);
	server_finish(&boss, &w[1]);
	server_finish(&boss, &w[2]);
	/* nobody is there for these */
	umcg_cond_signal(&cond);
	umcg_cond_broadcast(&cond);
}
END_TEST

/* Who was signalled and could not say so before its time has passed was signalled. */
START_TEST(signalled_when_time_passes)
{
	struct worker a = { .run = wait_once, .arg = &a };
	struct worker b = { .run = wait_once, .arg = &b };

	begin();
	worker_hire(&boss, &a);
	worker_hire(&boss, &b);
	ck_assert_int_eq(server_run(&boss, &a), UMCG_CUR_WAIT);
	server_expect(&boss, &a, UMCG_EV_TIMEOUT);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	server_expect(&boss, &b, UMCG_EV_TIMEOUT);
	umcg_cond_signal(&cond);
	server_finish(&boss, &a);
	server_finish(&boss, &b);
	ck_assert_int_eq(a.result, 0);
	ck_assert_int_eq(b.result, -ETIMEDOUT);
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), 0);
}
END_TEST

/* ---- many ------------------------------------------------------------------- */

#define ROUNDS	fewer(200)

static struct mixed mixed;

/* Each gives as many tickets as it takes; a signal is for one ticket. */
static void take_one(struct actor *a)
{
	int error;

	umcg_mutex_lock(&mutex);
	while (!tickets) {
		error = umcg_cond_timedwait(&cond, &mutex, mixed_timeout(a));
		expect(!error || error == -ETIMEDOUT);
	}
	tickets--;
	taken++;
	mixed_dawdle(a);
	umcg_mutex_unlock(&mutex);
}

static void give_one(struct actor *a)
{
	umcg_mutex_lock(&mutex);
	tickets++;
	given++;
	umcg_mutex_unlock(&mutex);
	if (rand_r(&a->seed) % 8)
		umcg_cond_signal(&cond);
	else
		umcg_cond_broadcast(&cond);
}

static void give_and_take(struct actor *a)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		a->steps++;
		if (a->index % 2) {
			give_one(a);
			take_one(a);
		} else if (a->index % 4) {
			take_one(a);
		} else {
			give_one(a);
		}
	}
}

START_TEST(of_many)
{
	/* of those with an even number, as many give as take */
	static const int how_many[ACTOR_KINDS] = { 6, 1, 1, 3, 1 };

	mixed_start(&mixed, open_group(), 2, how_many, give_and_take);
	mixed_signals(&mixed);
	mixed_join(&mixed);
	fifo_stop(&mixed.fifo);
	ck_assert_int_eq(tickets, 0);
	ck_assert_int_eq(taken, given);
	ck_assert_int_gt(taken, 0);
	fifo_note(&mixed.fifo, "condition variable");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("sync_cond");

	ADD(s, signals_go_in_order, 20);
	ADD(s, signalled_when_time_passes, 20);
	ADD(s, of_many, 100);
	return s;
}
