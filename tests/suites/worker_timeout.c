// SPDX-License-Identifier: GPL-2.0-only
/* A worker's WAIT until a time: it is queued when that has come. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "suite.h"

static struct server boss;
static struct umcg_group *group;

static bool begin(void)
{
	group = open_group();
	server_start(&boss, group);
	return has_features(group, UMCG_FEAT_WORKER_TIMEOUT);
}

#define NO_TIMEOUT	"the module has no timeouts of workers"

struct timed {
	struct worker w;
	__u64 until;
	int result;
};

static long wait_until(struct worker *w)
{
	struct timed *t = w->arg;

	step_set(w, 1);
	t->result = umcg_run(w->group, worker_slot(w), 0, 0, t->until);
	step_set(w, 2);
	return 0;
}

static void timed_start(struct timed *t, __u64 until)
{
	t->until = until;
	t->w.run = wait_until;
	t->w.arg = t;
	worker_hire(&boss, &t->w);
}

/* Parked, with so much time left when it was told, and twice that the next time. */
static void timed_park(struct timed *t, __u64 ns)
{
	for (;; ns *= 2) {
		*t = (struct timed){ .result = 1 };
		timed_start(t, now() + ns);
		if (server_run(&boss, &t->w) == UMCG_CUR_WAIT)
			return;
		/* so slow a machine that the time was over before it could park */
		pthread_join(t->w.thread, NULL);
		expect_eq(t->result, -ETIMEDOUT);
	}
}

START_TEST(the_time_comes)
{
	struct timed t;

	if (!begin())
		skip(NO_TIMEOUT);
	timed_park(&t, 50 * MSEC);
	server_expect(&boss, &t.w, UMCG_EV_TIMEOUT);
	ck_assert_uint_ge(now(), t.until);
	/* late is when it is scheduled, and not before */
	ck_assert_uint_eq(step_get(&t.w), 1);
	server_finish(&boss, &t.w);
	ck_assert_int_eq(t.result, -ETIMEDOUT);
}
END_TEST

START_TEST(woken_in_time)
{
	struct timed t;

	if (!begin())
		skip(NO_TIMEOUT);
	timed_park(&t, SEC);
	ck_assert_int_eq(umcg_wake(group, t.w.tid), 0);
	server_expect(&boss, &t.w, UMCG_EV_WAKE);
	/* the time passes while it is held: that changes nothing any more */
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, t.until + 20 * MSEC),
			 -ETIMEDOUT);
	server_expect_none(&boss);
	server_finish(&boss, &t.w);
	ck_assert_int_eq(t.result, 0);
}
END_TEST

START_TEST(run_in_time)
{
	struct timed t = { .result = 1 };

	if (!begin())
		skip(NO_TIMEOUT);
	timed_start(&t, now() + 5 * SEC);
	ck_assert_int_eq(server_run(&boss, &t.w), UMCG_CUR_WAIT);
	server_finish(&boss, &t.w);
	ck_assert_int_eq(t.result, 0);
	ck_assert_uint_lt(now(), t.until);
}
END_TEST

/* Past already: it does not stop at all. */
START_TEST(too_late)
{
	struct timed t = { .result = 1 };

	if (!begin())
		skip(NO_TIMEOUT);
	timed_start(&t, 1);
	server_finish(&boss, &t.w);
	ck_assert_int_eq(t.result, -ETIMEDOUT);
	server_expect_none(&boss);
}
END_TEST

static struct worker target;

static long hand_too_late(struct worker *w)
{
	struct umcg_task *me = worker_slot(w);

	expect_eq(umcg_run(w->group, me, target.tid, 0, 1), -ETIMEDOUT);
	expect_eq(me->next_tid, target.tid);
	expect_eq(step_get(&target), 0);
	expect_eq(me->state, UMCG_TASK_RUNNING);
	return 0;
}

START_TEST(too_late_to_run_anybody)
{
	static struct timed t;
	struct worker w = { .run = hand_too_late };

	if (!begin() || !has_features(group, UMCG_FEAT_HANDOFF))
		skip(NO_TIMEOUT);
	target.run = wait_until;
	target.arg = &t;
	worker_hire(&boss, &target);
	worker_hire(&boss, &w);
	server_finish(&boss, &w);
	ck_assert_uint_eq(worker_state(&target), UMCG_TASK_RUNNABLE);
}
END_TEST

/*
 * Timer against waker: whoever is first decides what WAIT returns, and the
 * worker is queued once. The waker tells which it was: 0, it was still parked.
 */
#define RACES	400

static long race(struct worker *w)
{
	struct timed *t = w->arg;
	unsigned int i;

	for (i = 1; i <= RACES; i++) {
		__atomic_store_n(&t->until, now() + 100 * USEC,
				 __ATOMIC_SEQ_CST);
		step_set(w, i);
		t->result = umcg_run(w->group, worker_slot(w), 0, 0, t->until);
		expect(!t->result || t->result == -ETIMEDOUT);
	}
	return 0;
}

START_TEST(timer_against_waker)
{
	struct timed t = { .w = { .run = race } };
	__u32 events;
	int i, woken, timed_out = 0;
	__u64 at;

	if (!begin())
		skip(NO_TIMEOUT);
	t.w.arg = &t;
	worker_hire(&boss, &t.w);
	for (i = 1; i <= RACES; i++) {
		/* with a token from the last round it does not even park */
		if (server_run(&boss, &t.w) == UMCG_CUR_EXIT)
			break;
		at = __atomic_load_n(&t.until, __ATOMIC_SEQ_CST);
		while (now() < at + (i % 21 - 10) * 2 * USEC)
			cpu_relax();
		woken = umcg_wake(group, t.w.tid);
		ck_assert_int_ge(woken, 0);
		ck_assert_ptr_eq(server_next(&boss, &events), &t.w);
		events &= ~UMCG_EV_QUEUED;
		if (woken == 0)
			ck_assert_uint_eq(events, UMCG_EV_WAKE);
		else
			ck_assert_uint_eq(events, UMCG_EV_TIMEOUT);
		timed_out += woken;
		server_expect_none(&boss);
	}
	note("%d races, won by the timer %d times", i, timed_out);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("worker_timeout");

	ADD(s, the_time_comes, 20);
	ADD(s, woken_in_time, 20);
	ADD(s, run_in_time, 20);
	ADD(s, too_late, 20);
	ADD(s, too_late_to_run_anybody, 20);
	ADD(s, timer_against_waker, 40);
	return s;
}
