// SPDX-License-Identifier: GPL-2.0-only
/*
 * libumcg-runtime, all of it at once: workers spawn, end in every way, yield, sleep,
 * block, lock, change their priority, and are hit by signals, while plain threads come
 * in and leave. What must hold: all that was begun ends, joins give what was returned,
 * and no more run than there are servers.
 */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "runtime.h"
#include "suite.h"

#define ROOTS	6
#define ROUNDS	fewer(60)
#define GUESTS	2

static struct umcg_rt *rt;
static struct umcg_mutex mutex;
static pthread_mutex_t plain_mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long begun, ended, handled;
static int locked, servers, inside, too_many;
static bool sliced;

/* Between two points at which it may stop: who is here has a server. */
static void be_inside(void)
{
	if (__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) > servers)
		__atomic_store_n(&too_many, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 50; i++)
		cpu_relax();
	__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
}

static void handle(int signo)
{
	(void)signo;
	__atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
}

static void lock_it(void)
{
	umcg_mutex_lock(&mutex);
	expect_eq(__atomic_add_fetch(&locked, 1, __ATOMIC_SEQ_CST), 1);
	if (handled % 3 == 0)
		umcg_rt_yield();
	__atomic_sub_fetch(&locked, 1, __ATOMIC_SEQ_CST);
	expect_eq(umcg_mutex_unlock(&mutex), 0);
}

static void lock_plainly(void)
{
	expect(!pthread_mutex_lock(&plain_mutex));
	sleep_ns(10 * USEC);
	expect(!pthread_mutex_unlock(&plain_mutex));
}

static void *end_somehow(void *arg);

static void spawn_one(unsigned int *seed)
{
	struct umcg_rt_thread_attr attr = {
		.priority = rand_r(seed) % 5,
		.deadline = rand_r(seed) % 5,
	};
	void *arg = (void *)(unsigned long)rand_r(seed);
	struct umcg_rt_thread *t;

	__atomic_add_fetch(&begun, 1, __ATOMIC_RELAXED);
	switch (rand_r(seed) % 3) {
	case 0:
		expect_eq(umcg_rt_spawn(rt, NULL, &attr, end_somehow, arg), 0);
		break;
	case 1:
		expect_eq(umcg_rt_detach(runtime_spawn(rt, &attr, end_somehow, arg)), 0);
		break;
	default:
		t = runtime_spawn(rt, &attr, end_somehow, arg);
		expect(runtime_join(t) == arg);
	}
}

static void do_something(unsigned int *seed, bool may_spawn)
{
	if (!sliced)
		be_inside();
	switch (rand_r(seed) % (may_spawn ? 9 : 8)) {
	case 0:
	case 1:
		umcg_rt_yield();
		break;
	case 2:
		umcg_rt_sleep_until(now() + rand_r(seed) % 300 * USEC);
		break;
	case 3:
		sleep_ns(rand_r(seed) % 100 * USEC);
		break;
	case 4:
		lock_it();
		break;
	case 5:
		lock_plainly();
		break;
	case 6:
		umcg_rt_set_priority(rand_r(seed) % 5);
		umcg_rt_set_deadline(rand_r(seed) % 5);
		break;
	case 7:
		kill(getpid(), SIGUSR1);
		break;
	default:
		spawn_one(seed);
	}
}

static void *end_somehow(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;

	for (int i = rand_r(&seed) % 4; i; i--)
		do_something(&seed, false);
	__atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
	if (rand_r(&seed) % 4 == 0)
		pthread_exit(arg);
	return arg;
}

static void *root(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;

	for (unsigned int i = 0; i < ROUNDS; i++)
		do_something(&seed, true);
	return arg;
}

static void *come_and_go(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;

	for (unsigned int i = 0; i < ROUNDS / 4; i++) {
		expect_eq(umcg_rt_enter(rt, NULL), 0);
		for (int j = rand_r(&seed) % 4; j; j--)
			do_something(&seed, true);
		expect_eq(umcg_rt_leave(), 0);
		lock_it();
	}
	return arg;
}

static void storm(const struct umcg_rt_attr *attr)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
	struct umcg_rt_thread *t[ROOTS];
	pthread_t guest[GUESTS];
	unsigned long seed = now();

	expect_sys(sigaction(SIGUSR1, &action, NULL));
	servers = (int)attr->servers;
	sliced = attr->slice_ns != UMCG_RT_NO_SLICE;
	rt = runtime_start_with(attr);
	for (unsigned long i = 0; i < ROOTS; i++)
		t[i] = runtime_spawn(rt, NULL, root, (void *)(seed + i));
	for (unsigned long i = 0; i < GUESTS; i++)
		expect(!pthread_create(&guest[i], NULL, come_and_go,
				       (void *)(seed + ROOTS + i)));
	for (int i = 0; i < ROOTS; i++)
		runtime_join(t[i]);
	for (int i = 0; i < GUESTS; i++)
		expect(!pthread_join(guest[i], NULL));
	runtime_end(rt);
	ck_assert_uint_eq(begun, ended);
	ck_assert_uint_ge(begun, 1);
	ck_assert_int_eq(too_many, 0);
}

static const char *const policies[] = { "fifo", "lifo", "prio", "edf", "random" };

START_TEST(with_slices)
{
	const struct umcg_rt_attr attr = {
		.servers = 1 + _i % 3,
		.policy = umcg_rt_policy_by_name(policies[_i]),
		.slice_ns = 200000,
		.seed = now(),
		.spare = 3,
	};

	storm(&attr);
}
END_TEST

/* Of those that preempt nobody, so that the count of who is inside is true. */
START_TEST(without)
{
	static const char *const names[] = { "fifo", "lifo", "random" };
	const struct umcg_rt_attr attr = {
		.servers = 1 + _i,
		.policy = umcg_rt_policy_by_name(names[_i]),
		.slice_ns = UMCG_RT_NO_SLICE,
		.seed = now(),
	};

	storm(&attr);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_storm");

	ADD_LOOP(s, with_slices, 60, 5);
	ADD_LOOP(s, without, 60, 3);
	return s;
}
