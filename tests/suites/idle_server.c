// SPDX-License-Identifier: GPL-2.0-only
/* A server with nothing to do is not scheduled at all: nobody polls. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;
static int stop;

/* Nothing may happen to that thread for so long. */
static void untouched(pid_t tid, __u64 ns)
{
	struct proc_switches before, after;
	__u64 cpu;

	before = proc_settled(tid);
	cpu = proc_cpu_ns(tid);
	sleep_ns(ns);
	after = proc_switches(tid);
	ck_assert_uint_eq(after.voluntary, before.voluntary);
	ck_assert_uint_eq(after.involuntary, before.involuntary);
	ck_assert_uint_eq(proc_cpu_ns(tid), cpu);
	ck_assert_int_eq(proc_state(tid), 'S');
}

static void *idle(void *arg)
{
	(void)arg;
	server_start(&boss, group);
	umcg_run(group, boss.self, 0, 0, 0);
	return NULL;
}

static void begin(void *(*serve)(void *))
{
	pthread_t thread;

	group = open_group();
	expect(!pthread_create(&thread, NULL, serve, NULL));
	wait_for(__atomic_load_n(&boss.tid, __ATOMIC_SEQ_CST));
}

START_TEST(nobody_to_run)
{
	begin(idle);
	wait_for(umcg_state(boss.self) & UMCG_TF_IDLE);
	untouched(boss.tid, 2 * SEC);
}
END_TEST

static long spin(struct worker *w)
{
	step_set(w, 1);
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
		cpu_relax();
	return 0;
}

static void *run_a_spinner(void *arg)
{
	static struct worker w = { .run = spin };

	(void)arg;
	server_start(&boss, group);
	worker_hire(&boss, &w);
	server_finish(&boss, &w);
	return NULL;
}

/* Its worker runs: that is nothing to do, too. */
START_TEST(a_worker_that_runs)
{
	begin(run_a_spinner);
	wait_for(umcg_cur(boss.self) & UMCG_CUR_WHY_MASK);
	untouched(boss.tid, SEC);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
}
END_TEST

static int ends[2];

static long read_pipe(struct worker *w)
{
	char byte;

	(void)w;
	return read(ends[0], &byte, 1);
}

static void *run_a_blocker(void *arg)
{
	static struct worker w = { .run = read_pipe };

	(void)arg;
	server_start(&boss, group);
	worker_hire(&boss, &w);
	expect_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	umcg_run(group, boss.self, 0, 0, 0);
	return NULL;
}

/* Its only worker is blocked, and stays so. */
START_TEST(a_worker_that_is_blocked)
{
	expect_sys(pipe(ends));
	begin(run_a_blocker);
	/* it was idle before that, too, waiting for its worker to come */
	wait_for(UMCG_CUR_WHY(umcg_cur(boss.self)) == UMCG_CUR_BLOCK);
	wait_for(umcg_state(boss.self) & UMCG_TF_IDLE);
	untouched(boss.tid, SEC);
}
END_TEST

static struct worker spinner = { .run = spin };

static void *take_nobody(void *arg)
{
	static struct worker w = { .run = read_pipe };

	(void)arg;
	server_start(&boss, group);
	worker_hire(&boss, &w);
	expect_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	worker_hire(&boss, &spinner);
	server_run(&boss, &spinner);
	return NULL;
}

/*
 * Quiet: while its worker runs, it is not woken by one that comes back. The
 * list keeps it.
 */
START_TEST(a_worker_that_comes_back)
{
	struct proc_switches before, after;

	expect_sys(pipe(ends));
	begin(take_nobody);
	/* not the first one, which runs until it blocks */
	wait_for(step_get(&spinner));
	before = proc_settled(boss.tid);
	expect_eq(write(ends[1], "x", 1), 1);
	wait_for(__atomic_load_n(&boss.self->head, __ATOMIC_SEQ_CST) !=
		 UMCG_LIST_END);
	sleep_ns(100 * MSEC);
	after = proc_switches(boss.tid);
	ck_assert_uint_eq(after.voluntary, before.voluntary);
	ck_assert_uint_eq(after.involuntary, before.involuntary);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("idle_server");

	ADD(s, nobody_to_run, 20);
	ADD(s, a_worker_that_runs, 20);
	ADD(s, a_worker_that_is_blocked, 20);
	ADD(s, a_worker_that_comes_back, 20);
	return s;
}
