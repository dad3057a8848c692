// SPDX-License-Identifier: GPL-2.0-only
/* Time slices: who spins is stopped, whoever has handed it the turn. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "suite.h"

#define SLICE		(5 * MSEC)
#define LONG_SLICE	(20 * SEC)
#define ROUNDS		20
#define TRIES		20

static struct umcg_group *group;
static struct server boss;
static int stop;

static void begin(__u64 slice)
{
	group = open_group();
	server_start_as(&boss, group, 0, slice);
}

static void end_spinning(void)
{
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
}

/* Run it until its slice ends; it is then on its home's list. How long that was. */
static __u64 run_a_slice(struct server *s, struct worker *w)
{
	__u64 begun = now(), ran;

	expect_eq(server_run(s, w), UMCG_CUR_PREEMPT);
	ran = now() - begun;
	server_expect(s, w, UMCG_EV_PREEMPT);
	expect_eq(worker_state(w), UMCG_TASK_RUNNABLE);
	return ran;
}

/*
 * The same, with steps in it. When the host stops the guest between the switch and the
 * worker's first instruction, that is its time, too: then it has another slice.
 */
static __u64 run_a_slice_with_steps(struct server *s, struct worker *w)
{
	unsigned int before = step_get(w), tries = 0;
	__u64 ran;

	do {
		ck_assert_uint_lt(tries++, TRIES);
		ran = run_a_slice(s, w);
	} while (step_get(w) == before);
	return ran;
}

START_TEST(a_spinner_is_stopped)
{
	struct worker w = { .run = worker_spin, .arg = &stop };
	__u64 ran, best = LONG_SLICE, worst = 0;
	unsigned int before;
	int i;

	begin(SLICE);
	worker_hire(&boss, &w);
	for (i = 0; i < ROUNDS; i++) {
		ran = run_a_slice_with_steps(&boss, &w);
		ck_assert_uint_ge(ran, SLICE);
		best = ran < best ? ran : best;
		worst = ran > worst ? ran : worst;
		before = step_get(&w);
		sleep_ns(2 * MSEC);
		ck_assert_uint_eq(step_get(&w), before);
		server_expect_none(&boss);
	}
	note("slices of %lld us lasted %llu to %llu us", SLICE / USEC,
	     best / USEC, worst / USEC);
	ck_assert_uint_lt(best, 2 * SLICE + 10 * MSEC);
	end_spinning();
	server_run_out(&boss, &w);
}
END_TEST

/* One processor for all of it: who spins does not keep the server from it. */
START_TEST(without_a_spare_processor)
{
	struct worker w[2] = { { .run = worker_spin, .arg = &stop },
			       { .run = worker_spin, .arg = &stop } };
	int i;

	pin(0, 0);
	begin(SLICE);
	worker_hire(&boss, &w[0]);
	worker_hire(&boss, &w[1]);
	for (i = 0; i < ROUNDS; i++)
		run_a_slice_with_steps(&boss, &w[i % 2]);
	end_spinning();
	server_run_out(&boss, &w[0]);
	server_run_out(&boss, &w[1]);
}
END_TEST

static void its_own(__u64 servers, __u64 own, __u64 least, __u64 most)
{
	struct worker w = { .run = worker_spin, .arg = &stop,
			    .args = { .slice_ns = own } };
	__u64 ran;

	begin(servers);
	worker_hire(&boss, &w);
	ran = run_a_slice(&boss, &w);
	ck_assert_uint_ge(ran, least);
	ck_assert_uint_lt(ran, most);
	end_spinning();
	server_run_out(&boss, &w);
}

START_TEST(a_workers_own_is_shorter)
{
	its_own(LONG_SLICE, SLICE, SLICE, LONG_SLICE / 10);
}
END_TEST

START_TEST(a_workers_own_is_longer)
{
	its_own(SLICE, 300 * MSEC, 300 * MSEC, LONG_SLICE / 10);
}
END_TEST

START_TEST(a_worker_has_one_and_its_server_none)
{
	its_own(0, SLICE, SLICE, LONG_SLICE / 10);
}
END_TEST

static long park_often(struct worker *w)
{
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		step_set(w, step_get(w) + 1);
		worker_park(w);
	}
	return 0;
}

/* The timer is set for the long slice of one worker when the other starts. */
START_TEST(a_short_one_after_a_long_one)
{
	struct worker first = { .run = park_often };
	struct worker w = { .run = worker_spin, .arg = &stop,
			    .args = { .slice_ns = SLICE } };
	__u64 ran;
	int i;

	begin(LONG_SLICE);
	worker_hire(&boss, &first);
	worker_hire(&boss, &w);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(server_run(&boss, &first), UMCG_CUR_WAIT);
		ran = run_a_slice(&boss, &w);
		ck_assert_uint_ge(ran, SLICE);
		ck_assert_uint_lt(ran, LONG_SLICE / 10);
	}
	end_spinning();
	server_run_out(&boss, &first);
	server_run_out(&boss, &w);
}
END_TEST

static __u64 handed_over;

static long hand_over(struct worker *w)
{
	struct worker *to = w->arg;
	__u64 until = now() + SLICE / 2;

	while (now() < until)
		cpu_relax();
	handed_over = now();
	expect_eq(umcg_run(group, worker_slot(w), to->tid, 0, 0), 0);
	return 0;
}

/* The one that was handed the turn has a slice, too: its own, from then on. */
START_TEST(after_a_handoff)
{
	struct worker to = { .run = worker_spin, .arg = &stop };
	struct worker from = { .run = hand_over, .arg = &to,
			       .args = { .slice_ns = LONG_SLICE } };
	__u64 ran;

	begin(SLICE);
	worker_hire(&boss, &from);
	worker_hire(&boss, &to);
	ck_assert_int_eq(server_switch(&boss, &from, 0), 0);
	ran = now() - handed_over;
	ck_assert_uint_eq(umcg_cur(boss.self),
			  to.args.slot | UMCG_CUR_PREEMPT);
	ck_assert_uint_eq(umcg_next_tid(boss.self),
			  to.tid | UMCG_TID_RUNNING);
	ck_assert_uint_ge(ran, SLICE);
	ck_assert_uint_lt(ran, LONG_SLICE / 10);
	server_expect(&boss, &to, UMCG_EV_PREEMPT);
	ck_assert_uint_eq(worker_state(&from),
			  UMCG_TASK_RUNNABLE | UMCG_TF_PARKED);
	end_spinning();
	server_run_out(&boss, &from);
	server_run_out(&boss, &to);
}
END_TEST

/* The interface says: from slice_min_ns, to less than 2^47. */
static int error_of(__u32 role, __u64 slice)
{
	struct umcg_register r = { .flags = role,
				   .clock = CLOCK_MONOTONIC,
				   .slot = 0xcccccccc,
				   .slice_ns = slice };
	int error = umcg_register(group, &r);

	if (error) {
		expect_eq(r.slot, 0xcccccccc);
		expect_eq(r.slice_ns, slice);
		expect_eq(umcg_unregister(group), -EPERM);
	}
	return error;
}

START_TEST(too_short_and_too_long)
{
	static const __u64 bad[] = { 1, 99999, 1ULL << 47, 1ULL << 63, ~0ULL };
	static const __u64 good[] = { 100 * 1000, (1ULL << 47) - 1 };
	struct umcg_query q;
	size_t i;

	group = open_group();
	umcg_query(group, &q);
	ck_assert_uint_eq(q.slice_min_ns, good[0]);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_int_eq(error_of(UMCG_REG_SERVER, bad[i]), -EINVAL);
		ck_assert_int_eq(error_of(UMCG_REG_WORKER, bad[i]), -EINVAL);
	}
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct worker w = { .run = worker_spin, .arg = &stop,
				    .args = { .slice_ns = good[i] } };

		/* the last server's leaving ends a group */
		begin(good[i]);
		worker_hire(&boss, &w);
		end_spinning();
		server_run_out(&boss, &w);
		ck_assert_int_eq(umcg_unregister(group), 0);
	}
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("slice");

	ADD(s, too_short_and_too_long, 20);
	ADD(s, a_spinner_is_stopped, 30);
	ADD(s, without_a_spare_processor, 30);
	ADD(s, a_workers_own_is_shorter, 30);
	ADD(s, a_workers_own_is_longer, 30);
	ADD(s, a_worker_has_one_and_its_server_none, 30);
	ADD(s, a_short_one_after_a_long_one, 60);
	ADD(s, after_a_handoff, 30);
	return s;
}
