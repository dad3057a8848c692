// SPDX-License-Identifier: GPL-2.0-only
/*
 * libumcg-runtime: a server with nothing to do takes over workers from another's queue,
 * and one that sleeps is got up for that.
 */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#include "clock.h"
#include "runtime.h"
#include "suite.h"

#define WORKERS	20

static struct umcg_rt *rt;
static int begun, done;

/* The first of them keeps its server, until all others are done: elsewhere. */
static void *first_waits_for_all(void *unused)
{
	if (__atomic_fetch_add(&begun, 1, __ATOMIC_SEQ_CST) == 0)
		while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < WORKERS - 1)
			cpu_relax();
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
	return unused;
}

static __u64 steals(void)
{
	struct umcg_rt_stats stats;
	__u64 sum = 0;

	for (__u32 i = 0; i < umcg_rt_servers(rt); i++) {
		expect_eq(umcg_rt_server_stats(rt, i, &stats), 0);
		sum += stats.steals;
	}
	return sum;
}

static void hire_all(struct umcg_rt_thread **t)
{
	for (int i = 0; i < WORKERS; i++)
		t[i] = runtime_hire(rt, NULL, first_waits_for_all, NULL);
}

static void join_all(struct umcg_rt_thread **t)
{
	for (int i = 0; i < WORKERS; i++)
		runtime_join(t[i]);
}

/* Both servers are busy, one of them takes all, and runs one for ever. */
static void from_who_has_all(const struct umcg_rt_policy *policy)
{
	struct umcg_rt_thread *t[WORKERS];
	struct gate one, two;

	rt = runtime_start(2, policy);
	gate_close(&one, rt, NULL);
	gate_close(&two, rt, NULL);
	hire_all(t);
	gate_open(&one);
	wait_for(__atomic_load_n(&begun, __ATOMIC_SEQ_CST) == 1);
	gate_open(&two);
	join_all(t);
	ck_assert_uint_ge(steals(), WORKERS - 1);
	runtime_end(rt);
}

START_TEST(fifo_from_who_has_all)
{
	from_who_has_all(&umcg_rt_fifo);
}
END_TEST

START_TEST(lifo_from_who_has_all)
{
	from_who_has_all(&umcg_rt_lifo);
}
END_TEST

/* They come while others sleep: each of the servers, and the stolen too, ends some day. */
START_TEST(sleepers_are_got_up)
{
	struct umcg_rt_thread *t[WORKERS];

	rt = runtime_start(4, NULL);
	for (int i = 0; i < 50; i++) {
		begun = 0;
		done = 0;
		for (int j = 0; j < WORKERS; j++)
			t[j] = runtime_spawn(rt, NULL, first_waits_for_all, NULL);
		join_all(t);
	}
	runtime_end(rt);
}
END_TEST

/* Nobody is pushed to a list of the kernel's: the yielders are in queues of ours only. */
static void *yield_until(void *unused)
{
	__atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST))
		umcg_rt_yield();
	return unused;
}

static void *keep_server(void *unused)
{
	while (__atomic_load_n(&begun, __ATOMIC_SEQ_CST) < WORKERS)
		cpu_relax();
	__atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
	return unused;
}

START_TEST(all_get_their_turn_beside_one_that_spins)
{
	struct umcg_rt_thread *t[WORKERS + 1];

	rt = runtime_start(2, NULL);
	t[WORKERS] = runtime_spawn(rt, NULL, keep_server, NULL);
	for (int i = 0; i < WORKERS; i++)
		t[i] = runtime_spawn(rt, NULL, yield_until, NULL);
	for (int i = 0; i <= WORKERS; i++)
		runtime_join(t[i]);
	runtime_end(rt);
}
END_TEST

/* With one queue there is nothing to steal. */
START_TEST(one_queue_for_all)
{
	struct umcg_rt_thread *t[WORKERS];

	rt = runtime_start(2, &umcg_rt_random);
	for (int j = 0; j < WORKERS; j++)
		t[j] = runtime_spawn(rt, NULL, first_waits_for_all, NULL);
	join_all(t);
	ck_assert_uint_eq(steals(), 0);
	runtime_end(rt);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_steal");

	ADD(s, fifo_from_who_has_all, 20);
	ADD(s, lifo_from_who_has_all, 20);
	ADD(s, sleepers_are_got_up, 40);
	ADD(s, all_get_their_turn_beside_one_that_spins, 20);
	ADD(s, one_queue_for_all, 20);
	return s;
}
