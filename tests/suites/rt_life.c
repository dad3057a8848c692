// SPDX-License-Identifier: GPL-2.0-only
/*
 * libumcg-runtime, from beginning to end: servers come and go, threads become workers and
 * plain again, and take turns.
 */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <umcg_runtime.h>

#include "clock.h"
#include "suite.h"

static struct umcg_rt *rt;

static void create(__u32 servers)
{
	struct umcg_rt_attr attr = { .servers = servers };

	ck_assert_int_eq(umcg_rt_create(&rt, &attr), 0);
}

/* How many threads of this process are called something that begins with @prefix. */
static int threads_called(const char *prefix)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	char path[300], name[32];
	int count = 0;
	FILE *f;

	expect(dir);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f) && !strncmp(name, prefix, strlen(prefix)))
			count++;
		fclose(f);
	}
	closedir(dir);
	return count;
}

static int threads_of_ours(void)
{
	return threads_called("");
}

START_TEST(servers_come_and_go)
{
	int before = threads_of_ours();

	for (__u32 n = 1; n <= 5; n++) {
		create(n);
		ck_assert_uint_eq(umcg_rt_servers(rt), n);
		ck_assert_int_eq(threads_called("umcg-server/"), n);
		ck_assert_uint_eq(umcg_rt_workers(rt), 0);
		ck_assert_int_eq(umcg_rt_destroy(rt), 0);
		/* a joined thread may still be on its way out */
		wait_for(threads_of_ours() == before);
	}
}
END_TEST

START_TEST(a_server_for_each_processor)
{
	cpu_set_t one;

	ck_assert_int_eq(umcg_rt_create(&rt, NULL), 0);
	ck_assert_uint_eq(umcg_rt_servers(rt), sysconf(_SC_NPROCESSORS_ONLN));
	ck_assert_int_eq(umcg_rt_destroy(rt), 0);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	expect_sys(sched_setaffinity(0, sizeof(one), &one));
	ck_assert_int_eq(umcg_rt_create(&rt, NULL), 0);
	ck_assert_uint_eq(umcg_rt_servers(rt), 1);
	ck_assert_int_eq(umcg_rt_destroy(rt), 0);
}
END_TEST

START_TEST(bad_attributes)
{
	static const struct umcg_rt_policy nothing = { .name = "nothing" };
	const struct umcg_rt_attr bad[] = {
		{ .flags = 1 },
		{ .pad = 1 },
		{ .servers = UMCG_RT_SERVERS_MAX + 1 },
		{ .slice_ns = 99999 },
		{ .slice_ns = 1ULL << 47 },
		{ .stall_ns = 1000000 },
		{ .policy = &nothing },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rt = (struct umcg_rt *)1;
		ck_assert_int_eq(umcg_rt_create(&rt, &bad[i]), -EINVAL);
		ck_assert_ptr_null(rt);
	}
	ck_assert_int_eq(umcg_rt_destroy(NULL), 0);
}
END_TEST

static char order[64];
static unsigned int places;

static void note_turn(char c)
{
	unsigned int i = __atomic_fetch_add(&places, 1, __ATOMIC_SEQ_CST);

	if (i < sizeof(order) - 1)
		order[i] = c;
}

static void *take_turns(void *arg)
{
	for (int i = 0; i < 3; i++) {
		note_turn(*(const char *)arg);
		expect_eq(umcg_rt_yield(), 0);
	}
	return arg;
}

static void *spawn_them(void *unused)
{
	struct umcg_rt_thread *t[3];
	void *value;

	for (int i = 0; i < 3; i++)
		expect_eq(umcg_rt_spawn(rt, &t[i], NULL, take_turns, &"abc"[i]), 0);
	for (int i = 0; i < 3; i++) {
		expect_eq(umcg_rt_join(t[i], &value), 0);
		expect(value == &"abc"[i]);
	}
	return unused;
}

/* A new thread first has to come; so all are there before the first yields. */
static void *wait_and_take_turns(void *arg)
{
	static int there;

	__atomic_add_fetch(&there, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&there, __ATOMIC_SEQ_CST) < 3)
		umcg_rt_yield();
	return take_turns(arg);
}

START_TEST(yielding_goes_round)
{
	struct umcg_rt_thread *t[3];
	int seen[3] = { 0 };

	create(1);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(umcg_rt_spawn(rt, &t[i], NULL, wait_and_take_turns,
					       (void *)&"abc"[i]), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(umcg_rt_join(t[i], NULL), 0);
	ck_assert_int_eq(umcg_rt_destroy(rt), 0);
	ck_assert_uint_eq(strlen(order), 9);
	for (int i = 0; i < 9; i++)
		seen[order[i] - 'a']++;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(seen[i], 3);
	/* each in its turn: nobody twice before the others */
	for (int i = 0; i < 6; i++)
		ck_assert_msg(order[i] == order[i + 3] && order[i] != order[i + 1],
			      "%s", order);
}
END_TEST

START_TEST(workers_spawn_and_join)
{
	struct umcg_rt_thread *t;

	create(2);
	ck_assert_int_eq(umcg_rt_spawn(rt, &t, NULL, spawn_them, NULL), 0);
	ck_assert_int_eq(umcg_rt_join(t, NULL), 0);
	ck_assert_int_eq(umcg_rt_destroy(rt), 0);
	ck_assert_uint_eq(strlen(order), 9);
}
END_TEST

static void *enter_and_leave(void *unused)
{
	struct umcg_rt_thread_attr attr = { .name = "a name that is too long" };
	char name[32] = "";
	struct umcg_rt_stats stats;

	expect(!umcg_rt_self());
	expect_eq(umcg_rt_yield(), -EPERM);
	expect_eq(umcg_rt_leave(), -EPERM);
	expect_eq(umcg_rt_set_priority(1), -EPERM);
	expect_eq(umcg_rt_set_deadline(1), -EPERM);
	expect_eq(umcg_rt_self_stats(&stats), -EPERM);
	for (int i = 0; i < 100; i++) {
		expect_eq(umcg_rt_enter(rt, &attr), 0);
		expect(umcg_rt_self() == rt);
		expect_eq(umcg_rt_enter(rt, NULL), -EEXIST);
		expect_eq(umcg_rt_destroy(rt), -EDEADLK);
		expect_eq(umcg_rt_yield(), 0);
		expect_eq(umcg_rt_self_stats(&stats), 0);
		expect_eq(stats.tid, gettid());
		expect(!strcmp(stats.name, "a name that is "));
		expect_eq(stats.yields, 1);
		expect_eq(umcg_rt_leave(), 0);
		expect(!umcg_rt_self());
	}
	pthread_getname_np(pthread_self(), name, sizeof(name));
	expect(!strcmp(name, "a name that is "));
	attr.flags = 1;
	expect_eq(umcg_rt_enter(rt, &attr), -EINVAL);
	return unused;
}

START_TEST(threads_enter_and_leave)
{
	pthread_t t[4];

	create(2);
	for (int i = 0; i < 4; i++)
		expect(!pthread_create(&t[i], NULL, enter_and_leave, NULL));
	for (int i = 0; i < 4; i++)
		expect(!pthread_join(t[i], NULL));
	wait_for(umcg_rt_workers(rt) == 0);
	ck_assert_int_eq(umcg_rt_destroy(rt), 0);
}
END_TEST

/* It ends as a worker, which its server is told. */
static void *enter_and_end(void *unused)
{
	expect_eq(umcg_rt_enter(rt, NULL), 0);
	return unused;
}

START_TEST(a_worker_may_just_end)
{
	pthread_t t;

	create(1);
	for (int i = 0; i < 20; i++) {
		expect(!pthread_create(&t, NULL, enter_and_end, NULL));
		expect(!pthread_join(t, NULL));
	}
	wait_for(umcg_rt_workers(rt) == 0);
	ck_assert_int_eq(umcg_rt_destroy(rt), 0);
}
END_TEST

static void *sleep_a_while(void *unused)
{
	__u64 begin = now();

	expect_eq(umcg_rt_sleep_until(begin + 20 * MSEC), 0);
	expect(now() >= begin + 20 * MSEC);
	expect_eq(umcg_rt_sleep_until(0), 0);
	return unused;
}

START_TEST(sleep_is_long_enough)
{
	struct umcg_rt_thread *t[10];

	create(1);
	sleep_a_while(NULL);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(umcg_rt_spawn(rt, &t[i], NULL, sleep_a_while, NULL), 0);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(umcg_rt_join(t[i], NULL), 0);
	ck_assert_int_eq(umcg_rt_destroy(rt), 0);
}
END_TEST

static int ended;

static void *block_a_while(void *unused)
{
	sleep_ns(30 * MSEC);
	__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
	return unused;
}

START_TEST(destroy_waits_for_all)
{
	create(2);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(umcg_rt_spawn(rt, NULL, NULL, block_a_while, NULL), 0);
	ck_assert_int_eq(umcg_rt_destroy(rt), 0);
	ck_assert_int_eq(ended, 10);
}
END_TEST

static int inside, most;

/* No system call between the two: who is inside runs, and nobody is preempted. */
static void *be_inside(void *unused)
{
	int n, seen;

	for (int i = 0; i < 200; i++) {
		n = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		seen = __atomic_load_n(&most, __ATOMIC_SEQ_CST);
		while (n > seen && !__atomic_compare_exchange_n(&most, &seen, n, false,
								__ATOMIC_SEQ_CST,
								__ATOMIC_SEQ_CST))
			;
		for (int j = 0; j < 1000; j++)
			cpu_relax();
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		if (i % 3)
			umcg_rt_yield();
		else
			sleep_ns(100 * USEC);
	}
	return unused;
}

START_TEST(no_more_run_than_servers)
{
	struct umcg_rt_attr attr = { .servers = _i + 1, .slice_ns = UMCG_RT_NO_SLICE };
	struct umcg_rt_thread *t[12];

	ck_assert_int_eq(umcg_rt_create(&rt, &attr), 0);
	for (int i = 0; i < 12; i++)
		ck_assert_int_eq(umcg_rt_spawn(rt, &t[i], NULL, be_inside, NULL), 0);
	for (int i = 0; i < 12; i++)
		ck_assert_int_eq(umcg_rt_join(t[i], NULL), 0);
	ck_assert_int_eq(umcg_rt_destroy(rt), 0);
	ck_assert_int_ge(most, 1);
	ck_assert_int_le(most, _i + 1);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_life");

	ADD(s, servers_come_and_go, 20);
	ADD(s, a_server_for_each_processor, 20);
	ADD(s, bad_attributes, 20);
	ADD(s, yielding_goes_round, 20);
	ADD(s, workers_spawn_and_join, 20);
	ADD(s, threads_enter_and_leave, 30);
	ADD(s, a_worker_may_just_end, 20);
	ADD(s, sleep_is_long_enough, 20);
	ADD(s, destroy_waits_for_all, 20);
	ADD_LOOP(s, no_more_run_than_servers, 40, 3);
	return s;
}
