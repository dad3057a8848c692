// SPDX-License-Identifier: GPL-2.0-only
/* A worker's WAIT that runs another worker, without the server. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "suite.h"

#define PINGS	500

static struct server boss;

static bool begin(void)
{
	server_start(&boss, open_group());
	return has_features(boss.group, UMCG_FEAT_HANDOFF);
}

#define NO_HANDOFF	"the module does not hand over"

static int hand_to(struct worker *w, struct worker *target, __u32 flags)
{
	return umcg_run(w->group, worker_slot(w), target->tid, flags, 0);
}

static struct worker ping, pong;

static long play(struct worker *w)
{
	struct worker *other = w == &ping ? &pong : &ping;
	unsigned int i;

	for (i = 1; i <= PINGS; i++) {
		step_set(w, i);
		expect_eq(hand_to(w, other, 0), 0);
		expect_eq(worker_slot(w)->next_tid,
			  other->tid | UMCG_TID_RUNNING);
		/* the very last return is not by a handoff: ping is gone then */
		if (w == &ping || i < PINGS)
			expect_eq(step_get(&ping) - step_get(&pong),
				  w == &pong);
	}
	return 0;
}

/* The server sleeps through all of it. */
START_TEST(back_and_forth)
{
	unsigned long before, after;

	if (!begin())
		skip(NO_HANDOFF);
	ping.run = play;
	pong.run = play;
	worker_hire(&boss, &pong);
	worker_hire(&boss, &ping);
	before = proc_switches(boss.tid).voluntary;
	ck_assert_int_eq(server_run(&boss, &ping), UMCG_CUR_EXIT);
	after = proc_switches(boss.tid).voluntary;
	note("%d handoffs, the server slept %lu times", 2 * PINGS,
	     after - before);
	ck_assert_uint_le(after - before, 3);
	/* it handed over, and nobody has handed back */
	ck_assert_uint_eq(step_get(&pong), PINGS);
	server_finish(&boss, &pong);
}
END_TEST

static long hand_once(struct worker *w)
{
	step_set(w, 1);
	expect_eq(hand_to(w, w->arg, 0), 0);
	step_set(w, 2);
	return 0;
}

static int ends[2];

static long read_pipe(struct worker *w)
{
	char byte;
	long n;

	step_set(w, 1);
	n = read(ends[0], &byte, 1);
	step_set(w, 2);
	return n;
}

/* Wait for whoever runs here now. */
static __u32 until_it_stops(void)
{
	__u32 cur;

	while (UMCG_CUR_WHY(cur = umcg_cur(boss.self)) == UMCG_CUR_RUNNING)
		umcg_wait(boss.group, 0, 0);
	return cur;
}

/* The one that was handed over to fills the turn: its block is the server's. */
START_TEST(the_turn_goes_along)
{
	struct worker second = { .run = read_pipe };
	struct worker first = { .run = hand_once, .arg = &second };

	if (!begin())
		skip(NO_HANDOFF);
	expect_sys(pipe(ends));
	worker_hire(&boss, &second);
	worker_hire(&boss, &first);
	ck_assert_int_eq(server_switch(&boss, &first, 0), 0);
	ck_assert_uint_eq(until_it_stops(), second.args.slot | UMCG_CUR_BLOCK);
	ck_assert_uint_eq(umcg_next_tid(boss.self),
			  second.tid | UMCG_TID_RUNNING);
	ck_assert_uint_eq(UMCG_CUR_SLOT(umcg_cur(worker_slot(&second))),
			  boss.slot);
	/* the first is parked: on no list, and nobody's turn */
	ck_assert_uint_eq(worker_state(&first),
			  UMCG_TASK_RUNNABLE | UMCG_TF_PARKED);
	ck_assert_uint_eq(step_get(&first), 1);
	server_expect_none(&boss);
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&boss, &second, UMCG_EV_WAKE);
	server_finish(&boss, &first);
	server_finish(&boss, &second);
}
END_TEST

static long yield_once(struct worker *w)
{
	step_set(w, 1);
	expect_eq(hand_to(w, w->arg, UMCG_WAIT_ENQUEUE), 0);
	step_set(w, 2);
	return 0;
}

static long nothing(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

START_TEST(yielding_to_another)
{
	struct worker second = { .run = nothing };
	struct worker first = { .run = yield_once, .arg = &second };

	if (!begin())
		skip(NO_HANDOFF);
	worker_hire(&boss, &second);
	worker_hire(&boss, &first);
	ck_assert_int_eq(server_switch(&boss, &first, 0), 0);
	ck_assert_uint_eq(until_it_stops(), second.args.slot | UMCG_CUR_EXIT);
	pthread_join(second.thread, NULL);
	ck_assert_uint_eq(step_get(&first), 1);
	server_expect(&boss, &first, UMCG_EV_WAIT);
	server_finish(&boss, &first);
}
END_TEST

static struct worker blocked, queued, taken;

static void refused(struct worker *w, struct worker *target, int error)
{
	expect_eq(hand_to(w, target, 0), error);
	expect_eq(worker_slot(w)->next_tid, target->tid);
	expect_eq(worker_state(w), UMCG_TASK_RUNNING);
	expect_eq(hand_to(w, target, UMCG_WAIT_ENQUEUE), error);
	expect_eq(worker_slot(w)->events, 0);
}

static long try_errors(struct worker *w)
{
	refused(w, &blocked, -EAGAIN);
	refused(w, &queued, -EAGAIN);
	refused(w, w, -EINVAL);
	expect_eq(step_get(&taken), 0);
	expect_eq(hand_to(w, &taken, 0), 0);
	return 0;
}

START_TEST(whom_one_cannot_hand_to)
{
	struct worker w = { .run = try_errors };

	if (!begin())
		skip(NO_HANDOFF);
	expect_sys(pipe(ends));
	blocked.run = read_pipe;
	queued.run = nothing;
	taken.run = nothing;
	worker_hire(&boss, &blocked);
	ck_assert_int_eq(server_run(&boss, &blocked), UMCG_CUR_BLOCK);
	worker_hire(&boss, &taken);
	worker_hire(&boss, &w);
	worker_start(&queued, boss.group, boss.tid);
	wait_for(worker_state(&queued) == UMCG_TASK_RUNNABLE);
	ck_assert_int_eq(server_switch(&boss, &w, 0), 0);
	ck_assert_uint_eq(until_it_stops(), taken.args.slot | UMCG_CUR_EXIT);
	server_finish(&boss, &w);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("handoff");

	ADD(s, back_and_forth, 30);
	ADD(s, the_turn_goes_along, 20);
	ADD(s, yielding_to_another, 20);
	ADD(s, whom_one_cannot_hand_to, 20);
	return s;
}
