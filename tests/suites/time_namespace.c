// SPDX-License-Identifier: GPL-2.0-only
/* In a time namespace the clocks are those that the process sees. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "suite.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x80
#endif

static const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME,
				    CLOCK_REALTIME, CLOCK_TAI };

#define CLOCKS	4

static struct server boss;

static void begin(clockid_t clock)
{
	struct umcg_register r = { .flags = UMCG_REG_SERVER, .clock = clock };

	server_start_with(&boss, open_group(), &r);
}

/* Another clock's time would be far too early, or far too late. */
static void just_after(clockid_t clock, __u64 until)
{
	__u64 end = clock_now(clock);

	ck_assert_uint_ge(end, until);
	ck_assert_uint_lt(end, until + longer(10 * SEC));
}

static void as_server(clockid_t clock)
{
	__u64 until = clock_now(clock) + 20 * MSEC;

	ck_assert_int_eq(umcg_run(boss.group, boss.self, 0, 0, until),
			 -ETIMEDOUT);
	just_after(clock, until);
	ck_assert_int_eq(umcg_run(boss.group, boss.self, 0, 0, until),
			 -ETIMEDOUT);
	ck_assert_int_eq(umcg_run(boss.group, boss.self, 0, 0, 1), -ETIMEDOUT);
}

static __u64 until;

static long parks_for_a_time(struct worker *w)
{
	until = clock_now(w->args.clock) + 20 * MSEC;
	return umcg_run(w->group, worker_slot(w), 0, 0, until);
}

static void as_worker(clockid_t clock)
{
	struct worker w = { .run = parks_for_a_time };
	__u64 before;

	w.args.clock = clock;
	w.args.flags = UMCG_REG_TIMESTAMPS;
	worker_hire(&boss, &w);
	clock = w.args.clock; /* it does not take the first of them, which is 0 */
	before = clock_now(clock);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_uint_ge(worker_slot(&w)->runnable_ts, before);
	ck_assert_uint_le(worker_slot(&w)->runnable_ts, clock_now(clock));
	server_expect(&boss, &w, UMCG_EV_TIMEOUT);
	just_after(clock, until);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, -ETIMEDOUT);
}

/* A namespace is entered by those who are born into it. */
static void that_many_seconds_off(int seconds, clockid_t clock)
{
	char offsets[80];
	pid_t child;

	snprintf(offsets, sizeof(offsets), "monotonic %d 0\nboottime %d 0\n",
		 seconds, seconds);
	expect(proc_set("/proc/self/timens_offsets", offsets));
	child = expect_sys(fork());
	if (child) {
		ended_well(child);
		return;
	}
	begin(clock);
	as_server(clock);
	as_worker(clock);
	_exit(0);
}

START_TEST(ahead)
{
	if (unshare(CLONE_NEWTIME))
		skip("no time namespaces: errno %d", errno);
	that_many_seconds_off(100000, clocks[_i]);
}
END_TEST

START_TEST(behind)
{
	if (unshare(CLONE_NEWTIME))
		skip("no time namespaces: errno %d", errno);
	that_many_seconds_off(-1, clocks[_i]);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("time_namespace");

	ADD_LOOP(s, ahead, 20, CLOCKS);
	ADD_LOOP(s, behind, 20, CLOCKS);
	return s;
}
