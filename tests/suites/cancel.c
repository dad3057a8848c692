// SPDX-License-Identifier: GPL-2.0-only
/*
 * pthread_cancel() of workers that do not run: each is cancelled when it is
 * scheduled, and what it has to clean up runs as any other code of it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "suite.h"

enum where { HELD, PARKED, BLOCKED, UNBLOCKED, PLACES };

static struct server boss;
static int ends[2];
static bool cleaned;

/* Only who is scheduled runs any code; and it may block, as anywhere. */
static void clean_up(void *arg)
{
	struct worker *w = arg;

	expect_eq(worker_state(w), UMCG_TASK_RUNNING);
	sleep_ns(MSEC);
	expect_eq(worker_state(w), UMCG_TASK_RUNNING);
	cleaned = true;
}

/* Anywhere, also where it is no point of cancellation: in a WAIT, in a hold. */
static void be_cancelled_anywhere(void)
{
	expect(!pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL));
}

static void yield(struct worker *w)
{
	umcg_run(w->group, worker_slot(w), 0, UMCG_WAIT_ENQUEUE, 0);
}

static void park(struct worker *w)
{
	umcg_run(w->group, worker_slot(w), 0, 0, 0);
}

static void read_on(struct worker *w)
{
	char byte;

	(void)w;
	while (read(ends[0], &byte, 1) == 1)
		;
}

static long wait_for_it(struct worker *w)
{
	static void (*const how[PLACES])(struct worker *) = { yield, park,
							      read_on, read_on };
	enum where where = *(enum where *)w->arg;

	pthread_cleanup_push(clean_up, w);
	if (where == HELD || where == PARKED)
		be_cancelled_anywhere();
	how[where](w);
	pthread_testcancel();
	step_set(w, 1);
	pthread_cleanup_pop(0);
	return 0;
}

/* It is where it is to be cancelled, on no list but for the one that yields. */
static void bring_it_there(struct worker *w, enum where where)
{
	static const __u32 why[PLACES] = { UMCG_CUR_WAIT, UMCG_CUR_WAIT,
					   UMCG_CUR_BLOCK, UMCG_CUR_BLOCK };

	worker_hire(&boss, w);
	ck_assert_uint_eq(server_run(&boss, w), why[where]);
	if (where == HELD)
		server_expect(&boss, w, UMCG_EV_WAIT);
	if (where == UNBLOCKED) {
		expect_eq(write(ends[1], "x", 1), 1);
		server_expect(&boss, w, UMCG_EV_WAKE);
		proc_settled(w->tid);
	}
}

/* The frame is set up, and nothing more. */
static void comes_back(struct worker *w, enum where where)
{
	__u32 events;

	if (where == PARKED)
		server_expect(&boss, w, UMCG_EV_SIGNAL);
	if (where == BLOCKED) {
		expect(server_next(&boss, &events) == w);
		ck_assert_uint_ne(events & UMCG_EV_WAKE, 0);
	}
	proc_settled(w->tid);
	ck_assert_uint_eq(UMCG_STATE(worker_state(w)), UMCG_TASK_RUNNABLE);
	expect(!cleaned);
	server_expect_none(&boss);
}

START_TEST(cancelled_when_scheduled)
{
	enum where where = _i;
	struct worker w = { .run = wait_for_it, .arg = &where, .dies = true };

	expect_sys(pipe(ends));
	server_start(&boss, open_group());
	bring_it_there(&w, where);
	expect(!pthread_cancel(w.thread));
	comes_back(&w, where);
	server_run_out(&boss, &w);
	expect(cleaned);
	ck_assert_uint_eq(step_get(&w), 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("cancel");

	ADD_LOOP(s, cancelled_when_scheduled, 20, PLACES);
	return s;
}
