// SPDX-License-Identifier: GPL-2.0-only
/* libumcg-runtime: what is counted, of servers and of workers, of those that ended too. */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "runtime.h"
#include "suite.h"

static struct umcg_rt *rt;

static void *do_known_things(void *unused)
{
	struct umcg_rt_stats s;
	__u64 end;

	for (int i = 0; i < 7; i++)
		umcg_rt_yield();
	for (int i = 0; i < 5; i++)
		umcg_rt_sleep_until(now() + 10 * MSEC);
	for (int i = 0; i < 3; i++)
		sleep_ns(10 * MSEC);
	end = now() + 5 * MSEC;
	while (now() < end)
		cpu_relax();
	expect_eq(umcg_rt_self_stats(&s), 0);
	expect_eq(s.tid, gettid());
	expect(!strcmp(s.name, "known"));
	expect_eq(s.yields, 7);
	expect(s.parks >= 5);
	expect(s.blocks >= 3);
	expect_eq(s.preempts, 0);
	expect_eq(s.exits, 0);
	/* but for the run that is not over yet */
	expect_eq(s.runs, s.yields + s.parks + s.blocks + 1);
	expect(s.wait_max_ns <= s.wait_ns);
	return unused;
}

struct seen {
	const char *name;
	int count;
	struct umcg_rt_stats last;
};

static int look(const struct umcg_rt_stats *stats, void *arg)
{
	struct seen *seen = arg;

	if (!strcmp(stats->name, seen->name)) {
		seen->count++;
		seen->last = *stats;
	}
	return 0;
}

START_TEST(of_a_worker)
{
	const struct umcg_rt_thread_attr attr = { .name = "known" };
	struct seen seen = { .name = "known" };
	struct umcg_rt_stats *s = &seen.last;

	rt = runtime_start(1, NULL);
	/* the second in the same thread, from zero again */
	for (int i = 1; i <= 2; i++) {
		runtime_join(runtime_spawn(rt, &attr, do_known_things, NULL));
		wait_for(umcg_rt_workers(rt) == 0);
		seen.count = 0;
		ck_assert_int_eq(umcg_rt_each_worker(rt, look, &seen), 0);
		ck_assert_int_eq(seen.count, i);
		ck_assert_uint_eq(s->yields, 7);
		ck_assert_uint_eq(s->exits, 1);
		ck_assert_uint_ge(s->run_ns, 5 * MSEC);
	}
	runtime_end(rt);
}
END_TEST

START_TEST(of_a_server)
{
	const struct umcg_rt_thread_attr attr = { .name = "known" };
	struct umcg_rt_stats s;

	rt = runtime_start(1, NULL);
	ck_assert_int_eq(umcg_rt_server_stats(rt, 1, &s), -EINVAL);
	for (int i = 0; i < 4; i++)
		runtime_join(runtime_spawn(rt, &attr, do_known_things, NULL));
	wait_for(umcg_rt_workers(rt) == 0);
	ck_assert_int_eq(umcg_rt_server_stats(rt, 0, &s), 0);
	ck_assert_str_eq(s.name, "umcg-server/0");
	ck_assert_uint_ne(s.tid, 0);
	ck_assert_uint_eq(s.yields, 28);
	ck_assert_uint_eq(s.exits, 4);
	ck_assert_uint_ge(s.parks, 20);
	ck_assert_uint_ge(s.blocks, 12);
	ck_assert_uint_eq(s.steals, 0);
	ck_assert_uint_ge(s.idles, 1);
	ck_assert_uint_ge(s.run_ns, 4 * 5 * MSEC);
	ck_assert_uint_ge(s.runs, 28 + 20 + 12 + 4);
	runtime_end(rt);
}
END_TEST

static void *nothing(void *arg)
{
	return arg;
}

START_TEST(waiting_is_counted)
{
	const struct umcg_rt_thread_attr attr = { .name = "waits" };
	struct seen seen = { .name = "waits" };
	struct umcg_rt_thread *t;
	struct gate gate;

	rt = runtime_start(1, NULL);
	gate_close(&gate, rt, NULL);
	t = runtime_hire(rt, &attr, nothing, NULL);
	sleep_ns(30 * MSEC);
	gate_open(&gate);
	runtime_join(t);
	wait_for(umcg_rt_workers(rt) == 0);
	umcg_rt_each_worker(rt, look, &seen);
	ck_assert_int_eq(seen.count, 1);
	ck_assert_uint_ge(seen.last.wait_max_ns, 30 * MSEC);
	ck_assert_uint_ge(seen.last.wait_ns, seen.last.wait_max_ns);
	runtime_end(rt);
}
END_TEST

static int stop_at_third(const struct umcg_rt_stats *stats, void *arg)
{
	(void)stats;
	return ++*(int *)arg == 3 ? 33 : 0;
}

static int count(const struct umcg_rt_stats *stats, void *arg)
{
	(void)stats;
	++*(int *)arg;
	return 0;
}

START_TEST(the_last_1024_that_ended)
{
	int n = 0;

	rt = runtime_start(1, NULL);
	for (int i = 0; i < 1100; i++)
		runtime_join(runtime_spawn(rt, NULL, nothing, NULL));
	wait_for(umcg_rt_workers(rt) == 0);
	ck_assert_int_eq(umcg_rt_each_worker(rt, count, &n), 0);
	ck_assert_int_eq(n, 1024);
	n = 0;
	ck_assert_int_eq(umcg_rt_each_worker(rt, stop_at_third, &n), 33);
	ck_assert_int_eq(n, 3);
	runtime_end(rt);
}
END_TEST

START_TEST(who_is_there)
{
	struct umcg_rt_thread *t[5];
	struct gate gate;
	int n = 0;

	rt = runtime_start(1, NULL);
	gate_close(&gate, rt, NULL);
	for (int i = 0; i < 5; i++)
		t[i] = runtime_hire(rt, NULL, nothing, NULL);
	ck_assert_uint_eq(umcg_rt_workers(rt), 6);
	/* the server has only seen the one that it runs */
	umcg_rt_each_worker(rt, count, &n);
	ck_assert_int_eq(n, 1);
	gate_open(&gate);
	for (int i = 0; i < 5; i++)
		runtime_join(t[i]);
	wait_for(umcg_rt_workers(rt) == 0);
	n = 0;
	umcg_rt_each_worker(rt, count, &n);
	ck_assert_int_eq(n, 6);
	runtime_end(rt);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_stats");

	ADD(s, of_a_worker, 20);
	ADD(s, of_a_server, 20);
	ADD(s, waiting_is_counted, 20);
	ADD(s, the_last_1024_that_ended, 30);
	ADD(s, who_is_there, 20);
	return s;
}
