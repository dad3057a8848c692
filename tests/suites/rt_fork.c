// SPDX-License-Identifier: GPL-2.0-only
/*
 * libumcg-runtime: a child of fork() has nothing of its parent's runtime but memory, and
 * may have one of its own.
 */
/* vm: --smp 2 */
/* vm: --smp 1 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "runtime.h"
#include "suite.h"

static struct umcg_rt *rt;
static struct umcg_rt_thread *thread;

static void *add_one(void *arg)
{
	umcg_rt_yield();
	return (char *)arg + 1;
}

static int each(const struct umcg_rt_stats *stats, void *arg)
{
	(void)stats;
	return *(int *)arg;
}

static void use_a_new_one(void)
{
	rt = runtime_start(2, NULL);
	expect(runtime_join(runtime_spawn(rt, NULL, add_one, (void *)41)) == (void *)42);
	expect_eq(umcg_rt_enter(rt, NULL), 0);
	expect(umcg_rt_self() == rt);
	expect_eq(umcg_rt_yield(), 0);
	expect_eq(umcg_rt_leave(), 0);
	runtime_end(rt);
}

static void be_a_child(void)
{
	struct umcg_rt *old = rt;
	struct umcg_rt_thread *t;
	struct umcg_rt_stats stats;
	int one = 1;

	expect(!umcg_rt_self());
	expect_eq(umcg_rt_yield(), -EPERM);
	expect_eq(umcg_rt_leave(), -EPERM);
	expect_eq(umcg_rt_set_priority(1), -EPERM);
	expect_eq(umcg_rt_set_deadline(1), -EPERM);
	expect_eq(umcg_rt_self_stats(&stats), -EPERM);
	expect_eq(umcg_rt_enter(rt, NULL), -ESHUTDOWN);
	expect_eq(umcg_rt_spawn(rt, &t, NULL, add_one, NULL), -ESHUTDOWN);
	expect_eq(umcg_rt_join(thread, NULL), -ESHUTDOWN);
	expect_eq(umcg_rt_detach(thread), -ESHUTDOWN);
	expect_eq(umcg_rt_server_stats(rt, 0, &stats), -ESHUTDOWN);
	expect_eq(umcg_rt_each_worker(rt, each, &one), -ESHUTDOWN);
	expect_eq(umcg_rt_workers(rt), 0);
	expect_eq(umcg_rt_sleep_until(now() + MSEC), 0);
	/* beside the parent's, and without */
	rt = NULL;
	use_a_new_one();
	expect_eq(umcg_rt_destroy(old), 0);
	expect(!umcg_rt_self());
	use_a_new_one();
}

static void fork_and_see(void)
{
	pid_t child = fork();
	int status;

	expect(child >= 0);
	if (!child) {
		alarm(20);
		be_a_child();
		_exit(0);
	}
	expect_eq(waitpid(child, &status, 0), child);
	expect_eq(status, 0);
}

static void *fork_in_a_worker(void *unused)
{
	for (int i = 0; i < 5; i++)
		fork_and_see();
	expect(umcg_rt_self() == rt);
	return unused;
}

static void *wait_long(void *until)
{
	while (!__atomic_load_n((int *)until, __ATOMIC_SEQ_CST))
		umcg_rt_sleep_until(now() + MSEC);
	return until;
}

static void with_others_about(void (*fn)(void))
{
	int until = 0;

	rt = runtime_start(2, NULL);
	thread = runtime_spawn(rt, NULL, wait_long, &until);
	fn();
	__atomic_store_n(&until, 1, __ATOMIC_SEQ_CST);
	ck_assert_ptr_eq(runtime_join(thread), &until);
	runtime_end(rt);
}

static void fork_it(void)
{
	for (int i = 0; i < 5; i++)
		fork_and_see();
}

static void fork_it_in_a_worker(void)
{
	runtime_join(runtime_spawn(rt, NULL, fork_in_a_worker, NULL));
}

START_TEST(in_a_plain_thread)
{
	with_others_about(fork_it);
}
END_TEST

START_TEST(in_a_worker)
{
	with_others_about(fork_it_in_a_worker);
}
END_TEST

static struct umcg_rt *inherited;

static void begin_anew(void)
{
	inherited = rt;
	rt = runtime_start(1, NULL);
}

/* Who has no library of ours in his hands, but a handler that does. */
START_TEST(in_a_handler_of_fork)
{
	int status;
	pid_t child;

	rt = runtime_start(2, NULL);
	expect(!pthread_atfork(NULL, NULL, begin_anew));
	child = fork();
	expect(child >= 0);
	if (!child) {
		alarm(20);
		expect(inherited && rt != inherited);
		expect(runtime_join(runtime_spawn(rt, NULL, add_one, NULL)) == (void *)1);
		expect_eq(umcg_rt_destroy(inherited), 0);
		runtime_end(rt);
		_exit(0);
	}
	expect_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	runtime_end(rt);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_fork");

	ADD(s, in_a_plain_thread, 40);
	ADD(s, in_a_worker, 40);
	ADD(s, in_a_handler_of_fork, 20);
	return s;
}
