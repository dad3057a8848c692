// SPDX-License-Identifier: GPL-2.0-only
/* libumcg-runtime: the watchdog tells of who is runnable and is not run, once each time. */
/* vm: --smp 2 */
/* vm: --smp 1 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "runtime.h"
#include "suite.h"

/* Longer than a slow machine keeps a thread from running. */
#define STALL	(300 * MSEC)

static struct umcg_rt *rt;
static struct umcg_rt_stall told;
static int times;

static void on_stall(const struct umcg_rt_stall *stall, void *arg)
{
	expect(arg == &times);
	/* a plain thread, which may do what it likes */
	expect(!umcg_rt_self());
	/* the machine may be so slow that it is told of others, rightly */
	if (strcmp(stall->name, "patient"))
		return;
	told = *stall;
	__atomic_add_fetch(&times, 1, __ATOMIC_SEQ_CST);
}

static int times_told(void)
{
	return __atomic_load_n(&times, __ATOMIC_SEQ_CST);
}

static void begin(void)
{
	const struct umcg_rt_attr attr = {
		.servers = 1,
		.slice_ns = UMCG_RT_NO_SLICE,
		.stall_ns = longer(STALL),
		.on_stall = on_stall,
		.arg = &times,
	};

	rt = runtime_start_with(&attr);
}

static void *tell_tid(void *unused)
{
	(void)unused;
	return (void *)(long)gettid();
}

START_TEST(once_for_each_wait)
{
	const struct umcg_rt_thread_attr attr = { .name = "patient" };
	struct umcg_rt_thread *t;
	struct gate gate;
	void *tid;

	begin();
	for (int i = 1; i <= 3; i++) {
		gate_close(&gate, rt, NULL);
		t = runtime_hire(rt, &attr, tell_tid, NULL);
		wait_for(times_told() == i);
		sleep_ns(longer(3 * STALL));
		ck_assert_int_eq(times_told(), i);
		gate_open(&gate);
		tid = runtime_join(t);
		ck_assert_uint_eq(told.tid, (long)tid);
		ck_assert_uint_ge(told.waited_ns, STALL);
		ck_assert_str_eq(told.name, "patient");
	}
	runtime_end(rt);
}
END_TEST

static void *sleep_and_block(void *unused)
{
	sleep_ns(longer(3 * STALL));
	umcg_rt_sleep_until(now() + longer(3 * STALL));
	return unused;
}

/* Nobody is of those who block, are parked, or spare. */
START_TEST(only_of_who_is_runnable)
{
	const struct umcg_rt_thread_attr attr = { .name = "patient" };

	begin();
	runtime_join(runtime_spawn(rt, &attr, sleep_and_block, NULL));
	sleep_ns(longer(3 * STALL));
	runtime_end(rt);
	ck_assert_int_eq(times_told(), 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_stall");

	ADD(s, once_for_each_wait, 30);
	ADD(s, only_of_who_is_runnable, 20);
	return s;
}
