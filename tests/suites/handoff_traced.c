// SPDX-License-Identifier: GPL-2.0-only
/* A worker whose handoff is held up by a debugger has no turn to give away. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"
#include "tracer.h"

static struct umcg_group *group;
static struct server boss;

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

static int stop_spinning;

static long spin(struct worker *w)
{
	while (!__atomic_load_n(&stop_spinning, __ATOMIC_SEQ_CST))
		step_set(w, step_get(w) + 1);
	return 0;
}

static long nothing(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

/* Its first call is the one that hands over. */
static long hand_over(struct worker *w)
{
	struct worker *to = w->arg;

	step_set(w, 1);
	return umcg_run(group, worker_slot(w), to->tid, 0, 0);
}

/* Without a WAIT, which would have to be for the one that runs. */
static void expect_queued(struct worker *w)
{
	struct worker *next;
	__u32 events;

	wait_for((next = server_poll(&boss, &events)) != NULL);
	ck_assert_ptr_eq(next, w);
	ck_assert_uint_eq(events, UMCG_EV_WAKE | UMCG_EV_QUEUED);
}

/* Away or not: until it is there to be switched to. */
static void switch_at_last(struct worker *w)
{
	while (server_switch(&boss, w, 0) == -EAGAIN)
		server_expect(&boss, w, UMCG_EV_WAKE);
}

/*
 * A debugger stops it at the entry of the WAIT in which it hands its turn over.
 * Its server runs another then; let go, it has no turn any more.
 */
START_TEST(stopped_at_the_entry_of_its_wait)
{
	struct worker target = { .run = nothing };
	struct worker other = { .run = spin };
	struct worker w = { .run = hand_over, .arg = &target };
	struct tracer tracer;

	tracer_start(&tracer);
	begin();
	worker_hire(&boss, &target);
	worker_hire(&boss, &other);
	worker_hire(&boss, &w);
	if (!tracer_stop(&tracer, w.tid))
		skip("no debugging here");
	tracer_to_call(&tracer);
	switch_at_last(&w);
	ck_assert_int_eq(server_wait(&boss, &w), UMCG_CUR_BLOCK);
	tracer_at_call(&tracer);
	ck_assert_uint_eq(step_get(&w), 1);
	ck_assert_uint_eq(worker_blocked_in(&w), SYS_lseek);

	server_leave_running(&boss, &other);
	tracer_detach(&tracer);
	expect_queued(&w);
	ck_assert_uint_eq(umcg_cur(boss.self),
			  other.args.slot | UMCG_CUR_RUNNING);
	ck_assert_uint_eq(worker_state(&target), UMCG_TASK_RUNNABLE);
	ck_assert_uint_eq(step_get(&target), 0);
	__atomic_store_n(&stop_spinning, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&boss, &other), UMCG_CUR_EXIT);

	/* now it has one, and the call does what it was made for */
	ck_assert_int_eq(server_switch(&boss, &w, 0), 0);
	/* early, if the other's end was seen without a WAIT: it was pending still */
	while (umcg_cur(boss.self) == (w.args.slot | UMCG_CUR_RUNNING))
		umcg_wait(group, 0, 0);
	ck_assert_int_eq(server_wait(&boss, &target), UMCG_CUR_EXIT);
	ck_assert_uint_eq(step_get(&target), 1);
	ck_assert_int_eq(umcg_wake(group, w.tid), 0);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("handoff_traced");

	ADD(s, stopped_at_the_entry_of_its_wait, 20);
	return s;
}
