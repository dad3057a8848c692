// SPDX-License-Identifier: GPL-2.0-only
/* A server's WAIT until a time, on each of the four clocks. */
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;

static void begin(clockid_t clock)
{
	struct umcg_register r = { .flags = UMCG_REG_SERVER, .clock = clock };

	group = open_group();
	server_start_with(&boss, group, &r);
}

static int idle_until(__u64 timeout)
{
	return umcg_run(group, boss.self, 0, 0, timeout);
}

static void until_a_time(clockid_t clock)
{
	__u64 until, end;

	begin(clock);
	until = clock_now(clock) + 20 * MSEC;
	ck_assert_int_eq(idle_until(until), -ETIMEDOUT);
	end = clock_now(clock);
	ck_assert_uint_ge(end, until);
	/* far too late would be another clock's time, or a tick that never came */
	ck_assert_uint_lt(end, until + 10 * SEC);
	ck_assert_uint_eq(umcg_state(boss.self), UMCG_TASK_RUNNING);

	ck_assert_int_eq(idle_until(clock_now(clock) - 1), -ETIMEDOUT);
	ck_assert_int_eq(idle_until(1), -ETIMEDOUT);
}

START_TEST(monotonic)
{
	until_a_time(CLOCK_MONOTONIC);
}
END_TEST

START_TEST(realtime)
{
	until_a_time(CLOCK_REALTIME);
}
END_TEST

START_TEST(boottime)
{
	until_a_time(CLOCK_BOOTTIME);
}
END_TEST

START_TEST(tai)
{
	until_a_time(CLOCK_TAI);
}
END_TEST

static long nothing(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

static void *hire_later(void *arg)
{
	wait_for(umcg_state(boss.self) & UMCG_TF_IDLE);
	worker_start(arg, group, boss.tid);
	return NULL;
}

/* Numbers that do not fit into the kernel's time are far away, not long ago. */
START_TEST(the_end_of_time)
{
	static const __u64 far[] = { ~0ULL, 1ULL << 63, (1ULL << 63) - 1 };
	static struct worker w[3];
	pthread_t thread;
	int i;

	for (i = 0; i < 3; i++) {
		begin(CLOCK_MONOTONIC);
		w[i].run = nothing;
		expect(!pthread_create(&thread, NULL, hire_later, &w[i]));
		ck_assert_int_eq(idle_until(far[i]), 0);
		pthread_join(thread, NULL);
		server_expect(&boss, &w[i], UMCG_EV_WAKE);
		server_finish(&boss, &w[i]);
		ck_assert_int_eq(umcg_unregister(group), 0);
	}
}
END_TEST

/* Who is queued before the time ends the WAIT, and the time is forgotten. */
START_TEST(somebody_comes_in_time)
{
	struct worker w = { .run = nothing };
	__u64 until;
	pthread_t thread;

	begin(CLOCK_MONOTONIC);
	/* the host may stop the guest for a second meanwhile */
	until = now() + 3 * SEC;
	expect(!pthread_create(&thread, NULL, hire_later, &w));
	ck_assert_int_eq(idle_until(until), 0);
	pthread_join(thread, NULL);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_finish(&boss, &w);
	ck_assert_int_eq(idle_until(until + 50 * MSEC), -ETIMEDOUT);
	ck_assert_uint_ge(now(), until + 50 * MSEC);
}
END_TEST

/* Past already, and somebody to run: nobody is run. */
START_TEST(too_late_to_run_anybody)
{
	struct worker w = { .run = nothing };

	begin(CLOCK_MONOTONIC);
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_switch(&boss, &w, 1), -ETIMEDOUT);
	ck_assert_int_eq(server_switch(&boss, &w, now() - 1), -ETIMEDOUT);
	ck_assert_uint_eq(umcg_next_tid(boss.self), w.tid);
	ck_assert_uint_eq(UMCG_CUR_WHY(umcg_cur(boss.self)), UMCG_CUR_NONE);
	ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNABLE);
	ck_assert_uint_eq(step_get(&w), 0);
	server_finish(&boss, &w);
	ck_assert_uint_eq(step_get(&w), 1);
}
END_TEST

/* The server returns in time, again and again; its worker does not notice. */
START_TEST(a_server_looks_up_while_its_worker_runs)
{
	int stop = 0, i;
	struct worker w = { .run = worker_spin, .arg = &stop };
	unsigned int before;
	__u64 until;

	begin(CLOCK_MONOTONIC);
	worker_hire(&boss, &w);
	server_leave_running(&boss, &w);
	until = now();
	for (i = 0; i < 5; i++) {
		ck_assert_uint_ge(now(), until);
		ck_assert_uint_eq(umcg_cur(boss.self),
				  w.args.slot | UMCG_CUR_RUNNING);
		ck_assert_uint_eq(umcg_next_tid(boss.self),
				  w.tid | UMCG_TID_RUNNING);
		before = step_get(&w);
		wait_for(step_get(&w) > before);
		until = now() + 10 * MSEC;
		ck_assert_int_eq(umcg_wait(group, 0, until), -ETIMEDOUT);
	}
	ck_assert_int_eq(umcg_wait(group, 0, 1), -ETIMEDOUT);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&boss, &w), UMCG_CUR_EXIT);
}
END_TEST

/* Each of many deadlines is met while the server sleeps on a blocked crew. */
START_TEST(many_in_a_row)
{
	__u64 until, late, worst = 0;
	int i;

	begin(CLOCK_MONOTONIC);
	for (i = 0; i < 200; i++) {
		until = now() + 100 * USEC;
		ck_assert_int_eq(idle_until(until), -ETIMEDOUT);
		late = now() - until;
		expect((__s64)late >= 0);
		if (late > worst)
			worst = late;
	}
	note("200 timeouts of 100 us, at worst %llu us late",
	     (unsigned long long)worst / USEC);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("server_timeout");

	ADD(s, monotonic, 20);
	ADD(s, realtime, 20);
	ADD(s, boottime, 20);
	ADD(s, tai, 20);
	ADD(s, the_end_of_time, 20);
	ADD(s, somebody_comes_in_time, 20);
	ADD(s, too_late_to_run_anybody, 20);
	ADD(s, a_server_looks_up_while_its_worker_runs, 20);
	ADD(s, many_in_a_row, 30);
	return s;
}
