// SPDX-License-Identifier: GPL-2.0-only
/* When a worker blocked and when it came back, if it asked for that. */
#define _GNU_SOURCE
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

static int ends[2];

static long read_pipe(struct worker *w)
{
	char byte;

	(void)w;
	return read(ends[0], &byte, 1);
}

static struct server boss;

static void look(clockid_t clock)
{
	struct worker w = { .run = read_pipe };
	__u64 start, told, woken, back;
	struct umcg_task *t;

	w.args.flags = UMCG_REG_TIMESTAMPS;
	w.args.clock = clock;
	worker_hire(&boss, &w);
	t = worker_slot(&w);
	start = clock_now(clock);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	told = clock_now(clock);
	sleep_ns(10 * MSEC);
	ck_assert_uint_ge(t->blocked_ts, start);
	ck_assert_uint_le(t->blocked_ts, told);
	woken = clock_now(clock);
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	back = clock_now(clock);
	ck_assert_uint_ge(t->runnable_ts, woken);
	ck_assert_uint_le(t->runnable_ts, back);
	server_finish(&boss, &w);
}

START_TEST(on_each_clock)
{
	struct umcg_group *g = open_group();

	if (!has_features(g, UMCG_FEAT_TIMESTAMPS))
		skip("the module has no timestamps");
	expect_sys(pipe(ends));
	server_start(&boss, g);
	look(CLOCK_MONOTONIC);
	look(CLOCK_BOOTTIME);
	look(CLOCK_TAI);
}
END_TEST

START_TEST(unasked)
{
	struct worker w = { .run = read_pipe };

	expect_sys(pipe(ends));
	server_start(&boss, open_group());
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	ck_assert_uint_eq(worker_slot(&w)->blocked_ts, 0);
	ck_assert_uint_eq(worker_slot(&w)->runnable_ts, 0);
	server_finish(&boss, &w);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("timestamps");

	ADD(s, on_each_clock, 20);
	ADD(s, unasked, 20);
	return s;
}
