// SPDX-License-Identifier: GPL-2.0-only
/* Signals to servers: WAIT returns EINTR, and nothing is lost by that. */
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
static int handled;
static pthread_t boss_thread;

static void handler(int signal)
{
	(void)signal;
	handled++;
}

static void begin(int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	expect_sys(sigaction(SIGUSR1, &sa, NULL));
	group = open_group();
	server_start(&boss, group);
	boss_thread = pthread_self();
}

static void *interrupt_idle(void *arg)
{
	(void)arg;
	wait_for(umcg_state(boss.self) & UMCG_TF_IDLE);
	wait_for(proc_state(boss.tid) == 'S');
	expect(!pthread_kill(boss_thread, SIGUSR1));
	return NULL;
}

static void idle_returns_eintr(void)
{
	pthread_t thread;

	expect(!pthread_create(&thread, NULL, interrupt_idle, NULL));
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 0), -EINTR);
	pthread_join(thread, NULL);
	ck_assert_int_eq(handled, 1);
	ck_assert_uint_eq(umcg_state(boss.self), UMCG_TASK_RUNNING);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 1), -ETIMEDOUT);
}

START_TEST(an_idle_one)
{
	begin(0);
	idle_returns_eintr();
}
END_TEST

/* A WAIT is not restarted: who was told something wants to look. */
START_TEST(an_idle_one_that_restarts_calls)
{
	begin(SA_RESTART);
	idle_returns_eintr();
}
END_TEST

static void *interrupt_busy(void *arg)
{
	struct worker *w = arg;

	wait_for(step_get(w));
	wait_for(proc_state(boss.tid) == 'S');
	expect(!pthread_kill(boss_thread, SIGUSR1));
	return NULL;
}

START_TEST(one_whose_worker_runs)
{
	int stop = 0;
	struct worker w = { .run = worker_spin, .arg = &stop };
	pthread_t thread;
	unsigned int before;

	begin(0);
	worker_hire(&boss, &w);
	expect(!pthread_create(&thread, NULL, interrupt_busy, &w));
	ck_assert_int_eq(server_switch(&boss, &w, 0), -EINTR);
	pthread_join(thread, NULL);
	ck_assert_int_eq(handled, 1);
	ck_assert_uint_eq(umcg_next_tid(boss.self), w.tid | UMCG_TID_RUNNING);
	ck_assert_uint_eq(umcg_cur(boss.self), w.args.slot | UMCG_CUR_RUNNING);
	before = step_get(&w);
	wait_for(step_get(&w) > before);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&boss, &w), UMCG_CUR_EXIT);
}
END_TEST

static void *stop_and_go(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 5; i++) {
		wait_for(umcg_state(boss.self) & UMCG_TF_IDLE);
		expect(!pthread_kill(boss_thread, SIGURG));
		sleep_ns(2 * MSEC);
	}
	expect_eq(umcg_kick(group, boss.tid, 0), 0);
	return NULL;
}

/* Without a handler it is the same wait continued. */
START_TEST(signals_without_a_handler)
{
	pthread_t thread;

	begin(0);
	expect(!pthread_create(&thread, NULL, stop_and_go, NULL));
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 0), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(handled, 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("signals_server");

	ADD(s, an_idle_one, 20);
	ADD(s, an_idle_one_that_restarts_calls, 20);
	ADD(s, one_whose_worker_runs, 20);
	ADD(s, signals_without_a_handler, 20);
	return s;
}
