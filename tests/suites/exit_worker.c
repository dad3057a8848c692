// SPDX-License-Identifier: GPL-2.0-only
/* A worker that is gone without a word: somebody always hears of it. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "suite.h"
#include "tracer.h"

#define CROWD	60

static struct server boss;

static long nothing(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

static long exit_at_once(struct worker *w)
{
	step_set(w, 1);
	pthread_exit(NULL);
}

/* Unregistering is not what tells the server: it is the end that does. */
static long unregister(struct worker *w)
{
	step_set(w, 1);
	expect_eq(umcg_unregister(w->group), 0);
	return 0;
}

static void ends_with_exit(long (*run)(struct worker *w))
{
	struct worker w = { .run = run, .dies = true };

	server_start(&boss, open_group());
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_EXIT);
	ck_assert_uint_eq(UMCG_CUR_SLOT(umcg_cur(boss.self)), w.args.slot);
	ck_assert_uint_eq(UMCG_STATE(worker_state(&w)), UMCG_TASK_NONE);
	ck_assert_uint_eq(worker_slot(&w)->tid, w.tid);
	pthread_join(w.thread, NULL);
	ck_assert_uint_eq(step_get(&w), 1);
	server_expect_none(&boss);
	ck_assert_int_eq(server_switch(&boss, &w, 0), -ESRCH);
}

START_TEST(returning)
{
	ends_with_exit(nothing);
}
END_TEST

START_TEST(exiting)
{
	ends_with_exit(exit_at_once);
}
END_TEST

START_TEST(unregistering)
{
	ends_with_exit(unregister);
}
END_TEST

/* What pthread_exit() does before the end may block, like anything else. */
static long exit_call(struct worker *w)
{
	step_set(w, 1);
	syscall(SYS_exit, 0);
	return 0;
}

/*
 * A debugger stops it at the door of its exit: that is a block. Let go, it dies
 * without having come back: nobody runs it, so the list must tell.
 */
START_TEST(while_blocked)
{
	struct worker w = { .run = exit_call };
	struct tracer tracer;
	__u32 events;
	int error;

	tracer_start(&tracer);
	server_start(&boss, open_group());
	worker_hire(&boss, &w);
	if (!tracer_stop(&tracer, w.tid))
		skip("no debugging here");
	tracer_to_call(&tracer);
	error = server_switch(&boss, &w, 0);
	if (error == -EAGAIN) {
		server_expect(&boss, &w, UMCG_EV_WAKE);
		error = server_switch(&boss, &w, 0);
	}
	ck_assert_int_eq(error, 0);
	ck_assert_int_eq(server_wait(&boss, &w), UMCG_CUR_BLOCK);
	tracer_at_call(&tracer);
	ck_assert_uint_eq(step_get(&w), 1);
	ck_assert_uint_eq(UMCG_STATE(worker_state(&w)), UMCG_TASK_BLOCKED);
	ck_assert_uint_eq(worker_blocked_in(&w), SYS_exit);
	server_expect_none(&boss);
	tracer_detach(&tracer);

	ck_assert_ptr_eq(server_next(&boss, &events), &w);
	ck_assert(events & UMCG_EV_EXIT);
	ck_assert(!(events & UMCG_EV_REHOMED));
	ck_assert_uint_eq(UMCG_STATE(worker_state(&w)), UMCG_TASK_NONE);
	ck_assert_uint_eq(worker_slot(&w)->tid, w.tid);
	server_expect_none(&boss);
}
END_TEST

/* Its slot is kept for its server until that waits again, and no longer. */
START_TEST(the_slot_is_kept_for_the_server)
{
	struct worker w = { .run = nothing }, next = { .run = nothing };
	struct worker last = { .run = nothing };

	server_start(&boss, open_group());
	worker_hire(&boss, &next);
	worker_hire(&boss, &w);
	server_finish(&boss, &w);
	worker_start(&last, boss.group, boss.tid);
	wait_for(worker_state(&last) == UMCG_TASK_RUNNABLE);
	ck_assert_uint_ne(last.args.slot, w.args.slot);
	ck_assert_uint_eq(worker_slot(&w)->tid, w.tid);
	server_finish(&boss, &next);
	server_expect(&boss, &last, UMCG_EV_WAKE);
	server_finish(&boss, &last);
}
END_TEST

/* The leader of the process, too, can be a worker and be gone. */
static struct worker hand = { .run = nothing };

static void *serve_leader(void *arg)
{
	struct worker *leader = arg;
	__u32 events;

	server_start(&boss, leader->group);
	expect(server_next(&boss, &events) == leader);
	expect_eq(server_run(&boss, leader), UMCG_CUR_EXIT);
	worker_hire(&boss, &hand);
	server_finish(&boss, &hand);
	_exit(step_get(leader) == 2 ? 0 : 1);
}

START_TEST(the_leader_of_the_process)
{
	static struct worker leader;
	pthread_t thread;

	leader.group = open_group();
	leader.tid = gettid();
	leader.args = (struct umcg_register){ .flags = UMCG_REG_WORKER,
					      .clock = CLOCK_MONOTONIC,
					      .user = (unsigned long)&leader };
	step_set(&leader, 1);
	expect(!pthread_create(&thread, NULL, serve_leader, &leader));
	expect_eq(umcg_register(leader.group, &leader.args), 0);
	step_set(&leader, 2);
	syscall(SYS_exit, 0);
}
END_TEST

static struct fifo fifo;

/* Born and gone, many at a time: every end is told, once. */
START_TEST(a_crowd)
{
	static struct worker crowd[CROWD];
	struct umcg_group *g = open_group();
	unsigned long ends = 0;
	int round, i;

	fifo_start(&fifo, g, 2);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < CROWD; i++) {
			crowd[i] = (struct worker){ .run = nothing,
						    .dies = i % 4 };
			worker_start(&crowd[i], g, fifo_home(&fifo, i % 3 - 1));
		}
		for (i = 0; i < CROWD; i++)
			pthread_join(crowd[i].thread, NULL);
		ends += CROWD;
		/* join can return before the end was told */
		wait_for(fifo_ended(&fifo) == ends);
	}
	fifo_stop(&fifo);
	fifo_note(&fifo, "exits");
	ck_assert_uint_eq(fifo_ended(&fifo), ends);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("exit_worker");

	ADD(s, returning, 20);
	ADD(s, exiting, 20);
	ADD(s, unregistering, 20);
	ADD(s, while_blocked, 20);
	ADD(s, the_slot_is_kept_for_the_server, 20);
	ADD(s, the_leader_of_the_process, 20);
	ADD(s, a_crowd, 60);
	return s;
}
