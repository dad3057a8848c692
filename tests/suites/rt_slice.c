// SPDX-License-Identifier: GPL-2.0-only
/* libumcg-runtime: workers that never stop by themselves, and how long they run. */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#include "clock.h"
#include "runtime.h"
#include "suite.h"

#define SPINNERS	4
#define TURNS		5

static struct umcg_rt *rt;
static int turn_of = -1;
static unsigned int turns[SPINNERS];

static int enough(void)
{
	for (int i = 0; i < SPINNERS; i++)
		if (__atomic_load_n(&turns[i], __ATOMIC_SEQ_CST) < TURNS)
			return 0;
	return 1;
}

/* On one server: a turn begins when another had the last. */
static void *spin(void *arg)
{
	int me = (int)(long)arg;
	struct umcg_rt_stats stats;

	while (!enough()) {
		if (__atomic_exchange_n(&turn_of, me, __ATOMIC_SEQ_CST) != me)
			__atomic_add_fetch(&turns[me], 1, __ATOMIC_SEQ_CST);
		cpu_relax();
	}
	expect_eq(umcg_rt_self_stats(&stats), 0);
	return (void *)(long)stats.preempts;
}

static void all_get_turns(const struct umcg_rt_attr *attr)
{
	struct umcg_rt_thread *t[SPINNERS];
	long preempts = 0;

	rt = runtime_start_with(attr);
	for (long i = 0; i < SPINNERS; i++)
		t[i] = runtime_spawn(rt, NULL, spin, (void *)i);
	for (int i = 0; i < SPINNERS; i++)
		preempts += (long)runtime_join(t[i]);
	ck_assert_int_ge(preempts, SPINNERS * (TURNS - 1));
	runtime_end(rt);
}

/* Slices are on unless they are switched off; with each policy that is fair by itself. */
START_TEST(by_default)
{
	static const char *const fair[] = { "fifo", "lifo", "prio", "random" };
	const struct umcg_rt_attr attr = {
		.servers = 1,
		.policy = umcg_rt_policy_by_name(fair[_i]),
	};

	all_get_turns(&attr);
}
END_TEST

START_TEST(as_short_as_can_be)
{
	const struct umcg_rt_attr attr = { .servers = 1, .slice_ns = 100000 };

	all_get_turns(&attr);
}
END_TEST

static int flag;

static void *spin_for_a_while(void *unused)
{
	struct umcg_rt_stats stats;
	__u64 end = now() + 100 * MSEC;

	while (now() < end)
		expect(!__atomic_load_n(&flag, __ATOMIC_SEQ_CST));
	expect_eq(umcg_rt_self_stats(&stats), 0);
	expect_eq(stats.preempts, 0);
	return unused;
}

static void *set_flag(void *unused)
{
	__atomic_store_n(&flag, 1, __ATOMIC_SEQ_CST);
	return unused;
}

START_TEST(none)
{
	struct umcg_rt_thread *t;
	struct gate gate;

	rt = runtime_start(1, NULL);
	gate_close(&gate, rt, NULL);
	t = runtime_hire(rt, NULL, spin_for_a_while, NULL);
	runtime_hire(rt, NULL, set_flag, NULL);
	gate_open(&gate);
	runtime_join(t);
	runtime_end(rt);
	ck_assert_int_eq(flag, 1);
}
END_TEST

/* A high priority has the server, but those below it are not starved: they age. */
START_TEST(priority_does_not_starve)
{
	const struct umcg_rt_attr attr = { .servers = 1, .policy = &umcg_rt_prio };
	const struct umcg_rt_thread_attr high = { .priority = 10 };
	struct umcg_rt_thread *t[SPINNERS];

	rt = runtime_start_with(&attr);
	for (long i = 0; i < SPINNERS; i++)
		t[i] = runtime_spawn(rt, i ? NULL : &high, spin, (void *)i);
	for (int i = 0; i < SPINNERS; i++)
		runtime_join(t[i]);
	runtime_end(rt);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_slice");

	ADD_LOOP(s, by_default, 30, 4);
	ADD(s, as_short_as_can_be, 30);
	ADD(s, none, 20);
	ADD(s, priority_does_not_starve, 40);
	return s;
}
