// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "blocker.h"
#include "proc.h"
#include "suite.h"

struct blocked {
	const struct blocker *b;
	int rounds;
	unsigned int quick; /* rounds that were over without a sleep */
};

/* step is the round it is in, from 1 */
static long block(struct worker *w)
{
	struct blocked *how = w->arg;
	unsigned long before;
	long result;
	int i;

	for (i = 0; i < how->rounds; i++) {
		step_set(w, i + 1);
		before = own_switches();
		result = how->b->block(i);
		if (result)
			ck_abort_msg("round %d: its result is %ld", i, result);
		if (own_switches() == before)
			how->quick++;
	}
	return 0;
}

/* What runs meanwhile: each of its turns is a step. */
static long work_and_park(struct worker *w)
{
	do {
		step_set(w, step_get(w) + 1);
		worker_park(w);
	} while (!w->arg);
	return 0;
}

static void meanwhile(struct server *s, struct worker *other)
{
	unsigned int before = step_get(other);

	ck_assert_int_eq(server_run(s, other), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(other), before + 1);
}

static __u32 expected_call(const struct blocker *b)
{
	return b->number == BLOCKER_FAULT ? UMCG_BLOCKED_FAULT :
					    (__u32)b->number;
}

/* Return: was it seen blocked? */
static bool one_round(struct server *s, struct blocked *how, struct worker *w,
		      struct worker *other)
{
	__u32 state = worker_state(w);
	unsigned int step = step_get(w);

	if (!how->b->wakes_itself || state != UMCG_TASK_RUNNABLE)
		ck_assert_uint_eq(state, UMCG_TASK_BLOCKED);
	/* also if it is back already */
	ck_assert_uint_eq(worker_blocked_in(w), expected_call(how->b));
	meanwhile(s, other);
	if (!how->b->wakes_itself) {
		ck_assert_uint_eq(worker_state(w), UMCG_TASK_BLOCKED);
		server_expect_none(s);
		how->b->wake(step - 1);
	}
	server_expect(s, w, UMCG_EV_WAKE);
	ck_assert_uint_eq(worker_state(w), UMCG_TASK_RUNNABLE);
	meanwhile(s, other);
	ck_assert_uint_eq(worker_state(w), UMCG_TASK_RUNNABLE);
	ck_assert_uint_eq(step_get(w), step);
	return state == UMCG_TASK_BLOCKED;
}

void blocker_run(const struct blocker *b, int rounds)
{
	struct blocked how = { .b = b, .rounds = rounds };
	struct worker w = { .run = block, .arg = &how };
	struct worker other = { .run = work_and_park };
	int told = 0, seen = 0;
	struct server s;
	__u32 why;

	server_start(&s, open_group());
	worker_hire(&s, &other);
	worker_hire(&s, &w);
	b->prepare(0);
	while ((why = server_run(&s, &w)) == UMCG_CUR_BLOCK) {
		told++;
		ck_assert_uint_eq(step_get(&w), told + how.quick);
		seen += one_round(&s, &how, &w, &other);
		if (told < rounds)
			b->prepare(told);
	}
	ck_assert_uint_eq(why, UMCG_CUR_EXIT);
	pthread_join(w.thread, NULL);
	/* told of each sleep, and of nothing else */
	ck_assert_uint_eq(told + how.quick, rounds);
	if (!b->wakes_itself)
		ck_assert_uint_eq(how.quick, 0);
	ck_assert_int_gt(seen, 0);
}
