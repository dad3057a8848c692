// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group in which one thread runs at a time is what two plain threads are that wake each
 * other: beside a busy process it gets as much of the processor, and takes no more. Its
 * threads give it away thousands of times, some by yielding, which the scheduler may
 * take for having had enough. Time is counted in instructions.
 */
/* vm: --smp 1 --icount */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "nobody.h"
#include "suite.h"

#define ENOUGH	10000 /* rounds */
#define BESIDE	(400 * MSEC)
#define LEAST	0.85 /* of what plain threads get */
#define MOST	1.15

static struct umcg_group *group;
static struct server boss;
static struct worker one, two;
static unsigned long *rounds;

static long answer(struct worker *w)
{
	struct umcg_task *me = worker_slot(w);

	for (;;) {
		umcg_run(group, me, ((struct worker *)w->arg)->tid, 0, 0);
		__atomic_fetch_add(rounds, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

static long stop(struct worker *w)
{
	for (;;) {
		worker_park(w);
		__atomic_fetch_add(rounds, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

/* Two workers that hand over to each other. */
static void two_workers(void)
{
	one.run = answer;
	one.arg = &two;
	two.run = answer;
	two.arg = &one;
	worker_hire(&boss, &one);
	worker_hire(&boss, &two);
	server_run(&boss, &one);
}

/* A server and a worker. */
static void server_and_worker(void)
{
	one.run = stop;
	worker_hire(&boss, &one);
	for (;;)
		umcg_run(group, boss.self, one.tid, 0, 0);
}

static int turn;

static void take_turns(int me)
{
	for (;;) {
		while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != me)
			syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !me, NULL);
		__atomic_store_n(&turn, !me, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
		__atomic_fetch_add(rounds, 1, __ATOMIC_RELAXED);
	}
}

static void *other_thread(void *arg)
{
	take_turns(1);
	return arg;
}

static void plain_threads(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, other_thread, NULL);
	take_turns(0);
}

static void (*const pairs[])(void) = {
	two_workers,
	server_and_worker,
	plain_threads,
};

#define PLAIN	2

static pid_t start_pair(int which)
{
	pid_t pid = fork();

	if (!pid) {
		group = open_group();
		server_start(&boss, group);
		pairs[which]();
		_exit(0);
	}
	return pid;
}

static pid_t start_spinner(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			__asm__ volatile("" ::: "memory");
	return pid;
}

static void end(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static __u64 time_of(pid_t pid)
{
	clockid_t clock;

	ck_assert_int_eq(clock_getcpuclockid(pid, &clock), 0);
	return clock_now(clock);
}

static double share_of(int which)
{
	__u64 time, ours;
	pid_t pair, spinner;

	*rounds = 0;
	pair = start_pair(which);
	wait_for(__atomic_load_n(rounds, __ATOMIC_RELAXED) > ENOUGH);
	spinner = start_spinner();
	sleep_ns(BESIDE);
	ours = time_of(pair);
	time = now();
	sleep_ns(BESIDE);
	ours = time_of(pair) - ours;
	time = now() - time;
	end(spinner);
	end(pair);
	return (double)ours / (double)time;
}

START_TEST(as_plain_threads)
{
	double plain, share;

	rounds = shared_memory(sizeof(*rounds));
	plain = share_of(PLAIN);
	share = share_of(_i);
	note("%.2f of the processor, plain threads %.2f", share, plain);
	ck_assert(share > LEAST * plain);
	ck_assert(share < MOST * plain);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("fair");

	ADD_LOOP(s, as_plain_threads, 300, 2);
	return s;
}
