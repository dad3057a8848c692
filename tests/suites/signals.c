// SPDX-License-Identifier: GPL-2.0-only
/* Signals to threads that do not run: none is lost, no handler runs unscheduled. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;
static int ends[2];
static int handled[65]; /* by signal */
static unsigned int step_at_handler;
static pid_t handled_by;
static struct worker *signalled;

static void handler(int signal)
{
	__atomic_fetch_add(&handled[signal], 1, __ATOMIC_SEQ_CST);
	handled_by = gettid();
	if (signalled)
		step_at_handler = step_get(signalled);
}

static int times(int signal)
{
	return __atomic_load_n(&handled[signal], __ATOMIC_SEQ_CST);
}

static void handle(int signal, int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	expect_sys(sigaction(signal, &sa, NULL));
}

static void begin(void)
{
	handle(SIGUSR1, SA_RESTART);
	handle(SIGUSR2, SA_RESTART);
	expect_sys(pipe(ends));
	group = open_group();
	server_start(&boss, group);
}

static void send_to(struct worker *w, int signal)
{
	ck_assert_int_eq(pthread_kill(w->thread, signal), 0);
}

/*
 * It is held, and signals came: for a while it must neither run a handler nor
 * spin. A few switches there may be: the frame is set up at once.
 */
static void stays_held(struct worker *w, unsigned int step)
{
	struct proc_switches before, after;
	__u64 cpu;

	sleep_ns(50 * MSEC);
	before = proc_settled(w->tid);
	cpu = proc_cpu_ns(w->tid);
	sleep_ns(200 * MSEC);
	after = proc_switches(w->tid);
	ck_assert_uint_eq(step_get(w), step);
	ck_assert_int_eq(times(SIGUSR1) + times(SIGUSR2), 0);
	ck_assert_uint_le(after.voluntary, before.voluntary + 2);
	ck_assert_uint_le(after.involuntary, before.involuntary + 2);
	ck_assert_uint_le(proc_cpu_ns(w->tid) - cpu, 20 * MSEC);
}

/* Run it to its end, through blocks and through being queued again. */
static void run_to_the_end(struct worker *w)
{
	__u32 events, why;

	do {
		why = server_run(&boss, w);
		if (why == UMCG_CUR_BLOCK)
			expect(server_next(&boss, &events) == w);
	} while (why != UMCG_CUR_EXIT);
	pthread_join(w->thread, NULL);
}

/* A signal may have put it on the list, which is where it is taken from then. */
static void take_if_queued(struct worker *w)
{
	__u32 events;
	struct worker *next = server_poll(&boss, &events);

	expect(!next || next == w);
}

static long note_step(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

START_TEST(before_its_first_turn)
{
	struct worker w = { .run = note_step };

	begin();
	signalled = &w;
	worker_hire(&boss, &w);
	send_to(&w, SIGUSR1);
	stays_held(&w, 0);
	take_if_queued(&w);
	run_to_the_end(&w);
	ck_assert_int_eq(times(SIGUSR1), 1);
	ck_assert_int_eq(handled_by, w.tid);
	ck_assert_uint_eq(step_at_handler, 0);
	ck_assert_uint_eq(step_get(&w), 1);
}
END_TEST

START_TEST(while_on_a_list)
{
	struct worker w = { .run = note_step };

	begin();
	signalled = &w;
	worker_start(&w, group, boss.tid);
	wait_for(worker_state(&w) == UMCG_TASK_RUNNABLE);
	send_to(&w, SIGUSR1);
	stays_held(&w, 0);
	take_if_queued(&w);
	run_to_the_end(&w);
	ck_assert_int_eq(times(SIGUSR1), 1);
	ck_assert_uint_eq(step_get(&w), 1);
}
END_TEST

static long read_pipe(struct worker *w)
{
	char byte;
	long n;

	step_set(w, 1);
	n = read(ends[0], &byte, 1);
	step_set(w, 2);
	return n;
}

START_TEST(after_a_block)
{
	struct worker w = { .run = read_pipe };

	begin();
	signalled = &w;
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	send_to(&w, SIGUSR1);
	stays_held(&w, 1);
	take_if_queued(&w);
	run_to_the_end(&w);
	ck_assert_int_eq(times(SIGUSR1), 1);
	ck_assert_uint_eq(step_at_handler, 1);
	ck_assert_int_eq(w.result, 1);
}
END_TEST

/* It ends the sleep, as it would anywhere; the handler still waits its turn. */
START_TEST(during_a_block)
{
	struct worker w = { .run = read_pipe };
	__u32 events;

	begin();
	signalled = &w;
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	send_to(&w, SIGUSR1);
	expect(server_next(&boss, &events) == &w);
	stays_held(&w, 1);
	take_if_queued(&w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	ck_assert_int_eq(times(SIGUSR1), 1);
	ck_assert_uint_eq(step_at_handler, 1);
	/* SA_RESTART: it reads on */
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	run_to_the_end(&w);
	ck_assert_int_eq(w.result, 1);
}
END_TEST

/* Two kinds, often: each arrives, though not as often as it was sent. */
START_TEST(a_flood)
{
	struct worker w = { .run = note_step };
	int i;

	begin();
	worker_hire(&boss, &w);
	for (i = 0; i < 200; i++)
		send_to(&w, i % 2 ? SIGUSR1 : SIGUSR2);
	stays_held(&w, 0);
	take_if_queued(&w);
	run_to_the_end(&w);
	ck_assert_int_ge(times(SIGUSR1), 1);
	ck_assert_int_ge(times(SIGUSR2), 1);
	ck_assert_int_le(times(SIGUSR1) + times(SIGUSR2), 6);
}
END_TEST

/* Real-time signals queue up: every single one must arrive. */
START_TEST(none_is_lost)
{
	struct worker w = { .run = note_step };
	int i;

	begin();
	handle(SIGRTMIN, SA_RESTART);
	worker_hire(&boss, &w);
	for (i = 0; i < 50; i++)
		send_to(&w, SIGRTMIN);
	stays_held(&w, 0);
	ck_assert_int_eq(times(SIGRTMIN), 0);
	take_if_queued(&w);
	run_to_the_end(&w);
	ck_assert_int_eq(times(SIGRTMIN), 50);
}
END_TEST

static long wait_for_handler(struct worker *w)
{
	step_set(w, 1);
	while (!times(SIGUSR1))
		cpu_relax();
	step_set(w, 2);
	return 0;
}

static void *send_later(void *arg)
{
	struct worker *w = arg;

	wait_for(step_get(w) == 1);
	expect(!pthread_kill(w->thread, SIGUSR1));
	return NULL;
}

/* Whoever runs is scheduled, and so is his handler. */
START_TEST(while_it_runs)
{
	struct worker w = { .run = wait_for_handler };
	pthread_t thread;

	begin();
	worker_hire(&boss, &w);
	expect(!pthread_create(&thread, NULL, send_later, &w));
	run_to_the_end(&w);
	pthread_join(thread, NULL);
	ck_assert_int_eq(times(SIGUSR1), 1);
	ck_assert_int_eq(handled_by, w.tid);
}
END_TEST

/* Ignored or blocked ones do nothing at all. */
START_TEST(signals_that_do_nothing)
{
	struct worker w = { .run = note_step };

	begin();
	worker_hire(&boss, &w);
	signal(SIGUSR1, SIG_IGN);
	send_to(&w, SIGUSR1);
	send_to(&w, SIGURG);
	send_to(&w, SIGCHLD);
	stays_held(&w, 0);
	server_expect_none(&boss);
	server_finish(&boss, &w);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("signals");

	ADD(s, before_its_first_turn, 20);
	ADD(s, while_on_a_list, 20);
	ADD(s, after_a_block, 20);
	ADD(s, during_a_block, 20);
	ADD(s, a_flood, 20);
	ADD(s, none_is_lost, 20);
	ADD(s, while_it_runs, 20);
	ADD(s, signals_that_do_nothing, 20);
	return s;
}
