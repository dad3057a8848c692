// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals as runtimes use them: stopping the world, with every worker in a handler
 * that waits to go on; and floods, of which a held worker's stack sees one frame.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "proc.h"
#include "suite.h"

#define WORKERS	20
#define STOPS	5
#define FLOOD	200
#define KINDS	10
#define STOP	SIGUSR1
#define GO_ON	SIGUSR2

static struct umcg_group *group;

/* --- stopping the world -------------------------------------------------- */

static struct fifo fifo;
static sem_t stopped, going;
static unsigned int world; /* odd while it is to stand still */
static bool over;

static struct inhabitant {
	struct worker worker;
	int ends[2];
} inhabitants[WORKERS];

static bool stands_still(void)
{
	return __atomic_load_n(&world, __ATOMIC_SEQ_CST) % 2;
}

/* With GO_ON blocked, but for the wait for it. */
static void stand_still(int signal)
{
	sigset_t mask;

	(void)signal;
	sigfillset(&mask);
	sigdelset(&mask, GO_ON);
	expect_sys(sem_post(&stopped));
	while (stands_still())
		sigsuspend(&mask);
	expect_sys(sem_post(&going));
}

static void go_on(int signal)
{
	(void)signal;
}

static long live(struct worker *w)
{
	struct inhabitant *me = w->arg;
	int way = (me - inhabitants) % 3;
	char byte;

	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
		step_set(w, step_get(w) + 1);
		if (way == 0)
			umcg_run(group, worker_slot(w), 0, UMCG_WAIT_ENQUEUE, 0);
		else if (way == 1)
			expect_eq(read(me->ends[0], &byte, 1), 1);
		else
			umcg_run(group, worker_slot(w), 0, 0, 0);
	}
	return 0;
}

static void wait_for_all(sem_t *sem)
{
	int i;

	for (i = 0; i < WORKERS; i++)
		expect_sys(sem_wait(sem));
}

static void signal_all(int signal)
{
	int i;

	for (i = 0; i < WORKERS; i++)
		expect(!pthread_kill(inhabitants[i].worker.thread, signal));
}

static unsigned long steps(void)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < WORKERS; i++)
		sum += step_get(&inhabitants[i].worker);
	return sum;
}

/* Some compute, some are blocked, some parked, and all but two of them held. */
START_TEST(stop_the_world)
{
	struct sigaction sa = { .sa_handler = stand_still,
				.sa_flags = SA_RESTART };
	unsigned long before;
	int i;

	sigfillset(&sa.sa_mask);
	expect_sys(sigaction(STOP, &sa, NULL));
	sa.sa_handler = go_on;
	expect_sys(sigaction(GO_ON, &sa, NULL));
	expect_sys(sem_init(&stopped, 0, 0));
	expect_sys(sem_init(&going, 0, 0));
	group = open_group();
	fifo_start(&fifo, group, 2);
	for (i = 0; i < WORKERS; i++) {
		inhabitants[i].worker.run = live;
		inhabitants[i].worker.arg = &inhabitants[i];
		expect_sys(pipe(inhabitants[i].ends));
		worker_start(&inhabitants[i].worker, group,
			     fifo_home(&fifo, i % 2));
	}
	for (i = 0; i < STOPS; i++) {
		before = steps();
		wait_for(steps() > before + WORKERS);
		__atomic_add_fetch(&world, 1, __ATOMIC_SEQ_CST);
		signal_all(STOP);
		wait_for_all(&stopped);
		before = steps();
		sleep_ns(20 * MSEC);
		ck_assert_uint_eq(steps(), before);
		__atomic_add_fetch(&world, 1, __ATOMIC_SEQ_CST);
		signal_all(GO_ON);
		wait_for_all(&going);
	}
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < WORKERS; i++) {
		if (i % 3 == 1)
			expect_eq(write(inhabitants[i].ends[1], "x", 1), 1);
		else
			umcg_wake(group, inhabitants[i].worker.tid);
	}
	for (i = 0; i < WORKERS; i++)
		pthread_join(inhabitants[i].worker.thread, NULL);
	wait_for(fifo_ended(&fifo) == WORKERS);
	fifo_stop(&fifo);
	fifo_note(&fifo, "five stops");
}
END_TEST

/* --- a flood ------------------------------------------------------------- */

static struct server boss;
static volatile unsigned int handled;

static void count(int signal)
{
	(void)signal;
	handled++;
}

/* Of a thread that is asleep: where its stack ends in user mode. */
static unsigned long stack_of(pid_t tid)
{
	char path[64], line[256] = "", *sp, *pc;
	FILE *f;

	proc_settled(tid);
	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		return 0;
	fclose(f);
	pc = strrchr(line, ' ');
	if (!pc)
		return 0;
	*pc = '\0';
	sp = strrchr(line, ' ');
	return sp ? strtoul(sp, NULL, 16) : 0;
}

static long park_on(struct worker *w)
{
	int error;

	step_set(w, 1);
	do {
		error = umcg_run(group, worker_slot(w), 0, 0, 0);
	} while (error == -EINTR);
	step_set(w, 2);
	return error;
}

/* Of ten kinds, none of which blocks another, nor itself. */
START_TEST(a_flood_builds_one_frame)
{
	struct sigaction sa = { .sa_handler = count, .sa_flags = SA_NODEFER };
	unsigned long frame = getauxval(AT_MINSIGSTKSZ), before, after;
	struct worker w = { .run = park_on };
	int i;

	for (i = 0; i < KINDS; i++)
		expect_sys(sigaction(SIGRTMIN + i, &sa, NULL));
	group = open_group();
	server_start(&boss, group);
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	before = stack_of(w.tid);
	if (!before || !frame)
		skip("/proc says nothing of stacks");
	for (i = 0; i < FLOOD; i++)
		expect(!pthread_kill(w.thread, SIGRTMIN + i % KINDS));
	server_expect(&boss, &w, UMCG_EV_SIGNAL);
	for (i = 0; i < 10; i++)
		expect(!pthread_kill(w.thread, SIGRTMIN + i));
	after = stack_of(w.tid);
	note("a frame has %lu bytes; %d signals took %lu of the stack", frame,
	     FLOOD + 10, before - after);
	ck_assert_uint_lt(after, before);
	/* the red zone and an alignment come on top of it */
	ck_assert_uint_le(before - after, frame + 128 + 64);
	ck_assert_uint_eq(handled, 0);
	server_expect_none(&boss);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_uint_eq(handled, FLOOD + 10);
	ck_assert_uint_eq(stack_of(w.tid), before);
	ck_assert_uint_eq(step_get(&w), 1);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, 0);
}
END_TEST

/* Those of a hold that are standard ones come once each, however often sent. */
START_TEST(again_in_every_hold)
{
	struct sigaction sa = { .sa_handler = count, .sa_flags = SA_NODEFER };
	struct worker w = { .run = park_on };
	unsigned int i, n;

	expect_sys(sigaction(SIGUSR1, &sa, NULL));
	group = open_group();
	server_start(&boss, group);
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	for (i = 0; i < 20; i++) {
		for (n = 0; n < 10; n++)
			expect(!pthread_kill(w.thread, SIGUSR1));
		server_expect(&boss, &w, UMCG_EV_SIGNAL);
		n = handled;
		ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
		ck_assert_uint_gt(handled, n);
		/* one was under way, one more can have been pending then */
		ck_assert_uint_le(handled, n + 2);
		server_expect_none(&boss);
	}
	server_finish(&boss, &w);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("signals_world");

	ADD(s, stop_the_world, 60);
	ADD(s, a_flood_builds_one_frame, 20);
	ADD(s, again_in_every_hold, 20);
	return s;
}
