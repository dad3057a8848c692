// SPDX-License-Identifier: MIT
/*
 * wake.c - making a sleeper runnable: the call alone, not what the sleeper does
 *
 * The waker is measured, and nobody takes its processor meanwhile: what it wakes
 * waits for a turn, which the kernel hands out for plain threads. So these are for
 * policies in which who wakes is not preempted.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>

#include "server.h"

#define CROWD		1000

static struct server server;
static struct worker one, *crowd;
static bool stop;

static void park_often(struct worker *self)
{
	while (!stop)
		park(self);
}

static void run_once(struct worker *w)
{
	if (server_run(&server, w) != UMCG_CUR_WAIT)
		die("a worker has not parked");
}

static void wake(struct worker *w)
{
	if (umcg_wake(server.group, w->tid))
		die("a worker was not parked");
}

static void take(struct worker *w)
{
	if (server_next(&server, NULL) != w)
		die("not the one that was woken");
}

static void wake_one(unsigned int ops)
{
	bool more = true;

	one.run = park_often;
	server_start(&server);
	hire(&server, &one);
	run_once(&one);
	meter_begin(ops);
	meter_partial();
	while (more) {
		meter_start();
		wake(&one);
		more = meter_op();
		take(&one);
		run_once(&one);
	}
	meter_end();
	stop = true;
	serve(&server, &one, 1);
}

/* Divided by their number, so an operation is to wake one, among so many. */
static void wake_crowd(unsigned int ops)
{
	unsigned int i, n;
	__u64 begin;

	crowd = calloc(CROWD, sizeof(*crowd));
	server_start(&server);
	for (i = 0; i < CROWD; i++) {
		crowd[i].run = park_often;
		hire(&server, &crowd[i]);
		run_once(&crowd[i]);
	}
	meter_begin(ops);
	meter_partial();
	for (n = 0; n < ops; n++) {
		begin = now();
		for (i = 0; i < CROWD; i++)
			wake(&crowd[i]);
		meter_took((now() - begin) / CROWD);
		for (i = 0; i < CROWD; i++) {
			take(&crowd[i]);
			run_once(&crowd[i]);
		}
	}
	meter_end();
	stop = true;
	serve(&server, crowd, CROWD);
}

/* ---- the same with futexes ---------------------------------------------- */

static __u32 round_of_all, asleep;

/*
 * A sleeper sleeps until the round is another; who sleeps is known when the waker,
 * who has given up the processor, has it back.
 */
static void *sleep_often(void *unused)
{
	__u32 seen;

	while (!stop) {
		seen = __atomic_load_n(&round_of_all, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
		while (!stop && seen == __atomic_load_n(&round_of_all,
							__ATOMIC_SEQ_CST))
			futex_wait(&round_of_all, seen);
	}
	return unused;
}

/* All have gone to sleep: then this machine is idle, and a short sleep is enough. */
static void settle(unsigned int sleepers)
{
	static const struct timespec a_while = { .tv_nsec = 200 * 1000 };

	while (__atomic_load_n(&asleep, __ATOMIC_SEQ_CST) < sleepers)
		nanosleep(&a_while, NULL);
	nanosleep(&a_while, NULL);
}

static void futex_crowd(unsigned int sleepers, unsigned int ops)
{
	pthread_t *threads = calloc(sleepers, sizeof(*threads));
	unsigned int i, n;
	__u64 begin;

	for (i = 0; i < sleepers; i++)
		threads[i] = spawn(sleep_often, NULL);
	settle(sleepers);
	meter_begin(ops);
	meter_partial();
	for (n = 0; n < ops; n++) {
		asleep = 0;
		__atomic_add_fetch(&round_of_all, 1, __ATOMIC_SEQ_CST);
		begin = now();
		if (futex_wake(&round_of_all, sleepers) != (long)sleepers)
			die("a thread was not asleep");
		meter_took((now() - begin) / sleepers);
		settle(sleepers);
	}
	meter_end();
	stop = true;
	futex_wake(&round_of_all, sleepers);
	for (i = 0; i < sleepers; i++)
		pthread_join(threads[i], NULL);
}

static void futex_one(unsigned int ops)
{
	futex_crowd(1, ops);
}

static void futex_thousand(unsigned int ops)
{
	futex_crowd(CROWD, ops);
}

const struct bench wake_cases[] = {
	{ .name = "wake",
	  .what = "WAKE of a parked worker, the call",
	  .policies = BATCH | FIFO,
	  .needs_umcg = true,
	  .ops = 300,
	  .run = wake_one },
	{ .name = "wake-1000",
	  .what = "WAKE of each of 1,000 parked workers, one of the calls",
	  .policies = FIFO,
	  .needs_umcg = true,
	  .ops = 5,
	  .run = wake_crowd },
	{ .name = "futex-wake",
	  .what = "FUTEX_WAKE of one thread, the call",
	  .policies = BATCH | FIFO,
	  .ops = 300,
	  .run = futex_one },
	{ .name = "futex-wake-1000",
	  .what = "FUTEX_WAKE of 1,000 threads, a thousandth of the call",
	  .policies = FIFO,
	  .ops = 5,
	  .run = futex_thousand },
	{}
};
