// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers that are asleep outside of their hold: stopped, or in the hands of a
 * debugger. A switch to one fails, with EAGAIN, and it comes back by its list.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"
#include "tracer.h"

static struct tracer tracer;
static struct server boss;

static void begin(void)
{
	tracer_start(&tracer);
	server_start(&boss, open_group());
}

static long nothing(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

static void switch_is_refused(struct worker *w)
{
	ck_assert_int_eq(server_switch(&boss, w, 0), -EAGAIN);
	ck_assert_uint_eq(umcg_next_tid(boss.self), w->tid);
	ck_assert_uint_eq(UMCG_STATE(worker_state(w)), UMCG_TASK_BLOCKED);
	/* and again: now it is blocked, as any other */
	ck_assert_int_eq(server_switch(&boss, w, 0), -EAGAIN);
	ck_assert_uint_eq(step_get(w), 0);
}

START_TEST(stopped_after_it_was_taken)
{
	struct worker w = { .run = nothing };

	begin();
	worker_hire(&boss, &w);
	if (!tracer_stop(&tracer, w.tid))
		skip("no debugging here");
	switch_is_refused(&w);
	server_expect_none(&boss);
	tracer_detach(&tracer);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	ck_assert_uint_eq(step_get(&w), 0);
	server_finish(&boss, &w);
}
END_TEST

START_TEST(stopped_on_the_list)
{
	struct worker w = { .run = nothing };

	begin();
	worker_start(&w, boss.group, boss.tid);
	wait_for(worker_state(&w) == UMCG_TASK_RUNNABLE);
	if (!tracer_stop(&tracer, w.tid))
		skip("no debugging here");
	server_expect(&boss, &w, UMCG_EV_WAKE);
	switch_is_refused(&w);
	tracer_detach(&tracer);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_finish(&boss, &w);
}
END_TEST

/* Nobody looked while it was away: then nothing has happened. */
START_TEST(back_before_anybody_looks)
{
	struct worker w = { .run = nothing };
	int i;

	begin();
	worker_hire(&boss, &w);
	for (i = 0; i < 10; i++) {
		if (!tracer_stop(&tracer, w.tid))
			skip("no debugging here");
		tracer_detach(&tracer);
		wait_for(proc_state(w.tid) == 'S');
	}
	server_expect_none(&boss);
	ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNABLE);
	ck_assert_uint_eq(step_get(&w), 0);
	server_finish(&boss, &w);
}
END_TEST

static long read_pipe(struct worker *w)
{
	char byte;
	long n = read(*(int *)w->arg, &byte, 1);

	step_set(w, 1);
	return n;
}

/*
 * Blocked, and then stopped: it is blocked still, and its call goes on. On its way
 * to the stop it may have come by the list, and be away when it is switched to.
 */
START_TEST(stopped_in_a_call)
{
	int ends[2];
	struct worker w = { .run = read_pipe, .arg = &ends[0] };
	__u32 events, why;
	int error;

	expect_sys(pipe(ends));
	begin();
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	if (!tracer_stop(&tracer, w.tid))
		skip("no debugging here");
	ck_assert_int_eq(server_switch(&boss, &w, 0), -EAGAIN);
	expect_eq(write(ends[1], "x", 1), 1);
	tracer_detach(&tracer);
	do {
		expect(server_next(&boss, &events) == &w);
		ck_assert_uint_eq(step_get(&w), 0);
		error = server_switch(&boss, &w, 0);
		if (error) {
			ck_assert_int_eq(error, -EAGAIN);
			continue;
		}
		why = server_wait(&boss, &w);
	} while (error || why == UMCG_CUR_BLOCK);
	ck_assert_uint_eq(why, UMCG_CUR_EXIT);
	pthread_join(w.thread, NULL);
	ck_assert_int_eq(w.result, 1);
}
END_TEST

#define HANDS	12
#define TURNS	40
#define STOPS	15

static struct fifo fifo;
static int *over; /* shared: it has been stopped often enough */

static bool is_over(void)
{
	return __atomic_load_n(over, __ATOMIC_SEQ_CST);
}

static long sleep_often(struct worker *w)
{
	unsigned int i;

	for (i = 1; i <= TURNS || !is_over(); i++) {
		sleep_ns((i % 4) * 500 * USEC);
		step_set(w, i);
	}
	return 0;
}

/* A whole process at work, which others stop and continue. */
static int victim(void)
{
	static struct worker hands[HANDS];
	struct umcg_group *g;
	int i;

	if (umcg_open(&g))
		return 1;
	fifo_start(&fifo, g, 2);
	for (i = 0; i < HANDS; i++) {
		hands[i].run = sleep_often;
		worker_start(&hands[i], g, fifo_home(&fifo, i % 3 - 1));
	}
	for (i = 0; i < HANDS; i++)
		pthread_join(hands[i].thread, NULL);
	wait_for(fifo_ended(&fifo) == HANDS);
	fifo_note(&fifo, "stopped and continued");
	for (i = 0; i < HANDS; i++)
		if (step_get(&hands[i]) < TURNS)
			return 2;
	fifo_stop(&fifo);
	return 0;
}

START_TEST(stopping_the_process)
{
	int i, status;
	pid_t child;

	over = shared_memory(sizeof(*over));
	child = expect_sys(fork());
	if (!child)
		_exit(victim());
	srand(4711);
	for (i = 0; i < STOPS; i++) {
		sleep_ns(rand() % 30 * MSEC);
		expect_sys(kill(child, SIGSTOP));
		expect_sys(waitpid(child, &status, WUNTRACED));
		ck_assert_msg(WIFSTOPPED(status), "status %#x", status);
		ck_assert_int_eq(proc_state(child), 'T');
		sleep_ns(rand() % 10 * MSEC);
		expect_sys(kill(child, SIGCONT));
	}
	__atomic_store_n(over, 1, __ATOMIC_SEQ_CST);
	ended_well(child);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("away");

	ADD(s, stopped_after_it_was_taken, 20);
	ADD(s, stopped_on_the_list, 20);
	ADD(s, back_before_anybody_looks, 20);
	ADD(s, stopped_in_a_call, 20);
	ADD(s, stopping_the_process, 60);
	return s;
}
