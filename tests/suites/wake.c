// SPDX-License-Identifier: GPL-2.0-only
/* WAKE is a semaphore of one token: whatever comes first, no wake-up is lost. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "suite.h"

static struct server boss;
static struct umcg_group *group;

static bool begin(void)
{
	group = open_group();
	server_start(&boss, group);
	return has_features(group, UMCG_FEAT_WAKE);
}

#define NO_WAKE	"the module does not wake workers"

static int wait_as(struct worker *w, __u32 next_tid, __u32 flags)
{
	return umcg_run(w->group, worker_slot(w), next_tid, flags, 0);
}

static long park_twice(struct worker *w)
{
	step_set(w, 1);
	expect_eq(wait_as(w, 0, 0), 0);
	step_set(w, 2);
	expect_eq(wait_as(w, 0, 0), 0);
	step_set(w, 3);
	return 0;
}

START_TEST(a_parked_worker)
{
	struct worker w = { .run = park_twice };

	if (!begin())
		skip(NO_WAKE);
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	server_expect_none(&boss);
	ck_assert_int_eq(umcg_wake(group, w.tid), 0);
	ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNABLE);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_expect_none(&boss);
	ck_assert_uint_eq(step_get(&w), 1);
	/* it was parked and is not any more, so there was no token */
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&w), 2);
	server_finish(&boss, &w);
}
END_TEST

/* Woken before it parks, and more than once: one WAIT returns at once. */
START_TEST(the_token)
{
	struct worker w = { .run = park_twice };
	int i;

	if (!begin())
		skip(NO_WAKE);
	worker_hire(&boss, &w);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(umcg_wake(group, w.tid), 1);
	server_expect_none(&boss);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&w), 2);
	server_finish(&boss, &w);
}
END_TEST

static int ends[2];

static long block_and_park(struct worker *w)
{
	char byte;

	step_set(w, 1);
	expect_eq(read(ends[0], &byte, 1), 1);
	step_set(w, 2);
	expect_eq(wait_as(w, 0, 0), 0);
	step_set(w, 3);
	expect_eq(wait_as(w, 0, 0), 0);
	return 0;
}

/* The token is no wake-up for another sleep: blocked stays blocked. */
START_TEST(a_blocked_worker)
{
	struct worker w = { .run = block_and_park };

	if (!begin())
		skip(NO_WAKE);
	expect_sys(pipe(ends));
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	ck_assert_int_eq(umcg_wake(group, w.tid), 1);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, now() + 5 * MSEC),
			 -ETIMEDOUT);
	server_expect_none(&boss);
	ck_assert_uint_eq(UMCG_STATE(worker_state(&w)), UMCG_TASK_BLOCKED);
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&w), 3);
	server_finish(&boss, &w);
}
END_TEST

static long yield_then_park(struct worker *w)
{
	step_set(w, 1);
	expect_eq(wait_as(w, 0, UMCG_WAIT_ENQUEUE), 0);
	step_set(w, 2);
	expect_eq(wait_as(w, 0, 0), 0);
	step_set(w, 3);
	expect_eq(wait_as(w, 0, 0), 0);
	return 0;
}

/* Queueing itself neither consumes the token nor is cut short by it. */
START_TEST(yielding_keeps_the_token)
{
	struct worker w = { .run = yield_then_park };

	if (!begin())
		skip(NO_WAKE);
	worker_hire(&boss, &w);
	ck_assert_int_eq(umcg_wake(group, w.tid), 1);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&w), 1);
	server_expect(&boss, &w, UMCG_EV_WAIT);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&w), 3);
	server_finish(&boss, &w);
}
END_TEST

static struct worker target;

static long hand_with_token(struct worker *w)
{
	expect_eq(wait_as(w, target.tid, 0), 0);
	/* nobody was run, and one can tell */
	expect_eq(worker_slot(w)->next_tid, target.tid);
	expect_eq(step_get(&target), 0);
	step_set(w, 1);
	return 0;
}

START_TEST(the_token_runs_nobody)
{
	struct worker w = { .run = hand_with_token };

	if (!begin() || !has_features(group, UMCG_FEAT_HANDOFF))
		skip(NO_WAKE);
	target.run = park_twice;
	worker_hire(&boss, &target);
	worker_hire(&boss, &w);
	ck_assert_int_eq(umcg_wake(group, w.tid), 1);
	server_finish(&boss, &w);
	ck_assert_uint_eq(step_get(&w), 1);
}
END_TEST

/*
 * A ring: each passes the ball to the next, wakes him, and parks until it is his
 * again. A wake-up that is lost stops the ball for good.
 */
#define PLAYERS	8
#define PASSES	6000

static struct fifo fifo;
static struct worker players[PLAYERS];
static unsigned int ball;

static long play(struct worker *w)
{
	unsigned int me = w - players;
	unsigned int at;

	for (;;) {
		while ((at = __atomic_load_n(&ball, __ATOMIC_SEQ_CST)) <
			       PASSES && at % PLAYERS != me) {
			user_leave(&fifo);
			expect_eq(wait_as(w, 0, 0), 0);
			user_enter(&fifo);
		}
		if (at >= PASSES)
			return 0;
		__atomic_store_n(&ball, at + 1, __ATOMIC_SEQ_CST);
		user_leave(&fifo);
		expect(umcg_wake(w->group,
				 players[(me + 1) % PLAYERS].tid) >= 0);
		user_enter(&fifo);
	}
}

static long play_until_the_end(struct worker *w)
{
	unsigned int i;

	user_enter(&fifo);
	play(w);
	/* the end has to be told to all; who is gone needs it no more */
	for (i = 0; i < PLAYERS; i++)
		umcg_wake(w->group, players[i].tid);
	user_leave(&fifo);
	return 0;
}

static void ring(int servers)
{
	int i;

	group = open_group();
	if (!has_features(group, UMCG_FEAT_WAKE))
		skip(NO_WAKE);
	fifo_prepare(&fifo, group, servers);
	ball = PLAYERS - 1;
	for (i = 0; i < PLAYERS; i++) {
		players[i].run = play_until_the_end;
		worker_start(&players[i], group, fifo_home(&fifo, i % servers));
	}
	/* nobody may be woken before he is there, which he need not be yet */
	for (i = 0; i < PLAYERS; i++)
		wait_for(worker_is_there(&players[i]));
	fifo_go(&fifo);
	for (i = 0; i < PLAYERS; i++)
		pthread_join(players[i].thread, NULL);
	wait_for(fifo_ended(&fifo) == PLAYERS);
	fifo_stop(&fifo);
	fifo_note(&fifo, "ring");
	ck_assert_uint_eq(ball, PASSES);
	ck_assert_int_le(fifo.in_user_max, servers);
}

START_TEST(a_ring_on_one_server)
{
	ring(1);
}
END_TEST

START_TEST(a_ring_on_two_servers)
{
	ring(2);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("wake");

	ADD(s, a_parked_worker, 20);
	ADD(s, the_token, 20);
	ADD(s, a_blocked_worker, 20);
	ADD(s, yielding_keeps_the_token, 20);
	ADD(s, the_token_runs_nobody, 20);
	ADD(s, a_ring_on_one_server, 60);
	ADD(s, a_ring_on_two_servers, 60);
	return s;
}
