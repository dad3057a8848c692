// SPDX-License-Identifier: GPL-2.0-only
/* The semaphore of libumcg-sync: units go round, and none is lost or made. */
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
static struct umcg_sem sem;

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

static long wait_once(struct worker *w)
{
	worker_attach(w);
	step_set(w, 1);
	umcg_sem_wait(&sem);
	step_set(w, 2);
	return 0;
}

/* Waiting gives the turn on, posting keeps it, and the unit is the waiter's at once. */
START_TEST(post_does_not_stop)
{
	struct worker a = { .run = wait_once }, b = { .run = wait_once };

	begin();
	worker_hire(&boss, &a);
	worker_start(&b, group, boss.tid);
	wait_for(worker_is_there(&b));
	ck_assert_uint_eq(server_run_on(&boss, &a), b.args.slot | UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&a) + step_get(&b), 2);
	ck_assert_int_eq(umcg_sem_post(&sem), 0);
	server_expect(&boss, &a, UMCG_EV_WAKE);
	server_expect_none(&boss);
	ck_assert_int_eq(umcg_sem_trywait(&sem), -EAGAIN);
	server_finish(&boss, &a);
	ck_assert_int_eq(umcg_sem_post(&sem), 0);
	server_expect(&boss, &b, UMCG_EV_WAKE);
	server_finish(&boss, &b);
	ck_assert_int_eq(umcg_sem_trywait(&sem), -EAGAIN);
}
END_TEST

static long wait_a_while(struct worker *w)
{
	worker_attach(w);
	return umcg_sem_timedwait(&sem, now() + LONG_ENOUGH);
}

START_TEST(time_passes)
{
	struct worker a = { .run = wait_a_while };

	begin();
	worker_hire(&boss, &a);
	ck_assert_int_eq(server_run(&boss, &a), UMCG_CUR_WAIT);
	server_expect(&boss, &a, UMCG_EV_TIMEOUT);
	server_finish(&boss, &a);
	ck_assert_int_eq(a.result, -ETIMEDOUT);
	/* the unit is for the next one */
	ck_assert_int_eq(umcg_sem_post(&sem), 0);
	ck_assert_int_eq(umcg_sem_trywait(&sem), 0);
}
END_TEST

/* ---- many ------------------------------------------------------------------- */

#define ROUNDS	fewer(400)
#define UNITS	3

static int inside;
static unsigned long missed;
static struct mixed mixed;

static void pass_units(struct actor *a)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		a->steps++;
		if (umcg_sem_timedwait(&sem, mixed_timeout(a))) {
			__atomic_add_fetch(&missed, 1, __ATOMIC_RELAXED);
			continue;
		}
		expect(__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) <= UNITS);
		mixed_dawdle(a);
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		expect_eq(umcg_sem_post(&sem), 0);
	}
}

START_TEST(of_many)
{
	static const int how_many[ACTOR_KINDS] = { 7, 1, 1, 2, 1 };
	int i;

	umcg_sem_init(&sem, UNITS);
	mixed_start(&mixed, open_group(), 2, how_many, pass_units);
	mixed_signals(&mixed);
	mixed_join(&mixed);
	fifo_stop(&mixed.fifo);
	for (i = 0; i < UNITS; i++)
		ck_assert_int_eq(umcg_sem_trywait(&sem), 0);
	ck_assert_int_eq(umcg_sem_trywait(&sem), -EAGAIN);
	ck_assert_uint_gt(missed, 0);
	fifo_note(&mixed.fifo, "semaphore");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("sync_sem");

	ADD(s, post_does_not_stop, 20);
	ADD(s, time_passes, 20);
	ADD(s, of_many, 100);
	return s;
}
