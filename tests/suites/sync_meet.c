// SPDX-License-Identifier: GPL-2.0-only
/* What threads meet at, in libumcg-sync: once, barrier, join. */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#include <stdlib.h>

#include "clock.h"
#include "crew.h"
#include "mixed.h"
#include "suite.h"

#define ROUNDS	fewer(100)
#define ALL	10

static const int how_many[ACTOR_KINDS] = { 5, 1, 1, 2, 1 };

static struct mixed mixed;

static void run_all(void (*run)(struct actor *a), const char *title)
{
	mixed_start(&mixed, open_group(), 2, how_many, run);
	mixed_signals(&mixed);
	mixed_join(&mixed);
	fifo_stop(&mixed.fifo);
	fifo_note(&mixed.fifo, title);
}

/* ---- once ------------------------------------------------------------------- */

static struct umcg_once once[1000];
static int calls[1000];

static void call(void *arg)
{
	sleep_ns(100 * USEC);
	++*(int *)arg;
}

static void call_all(struct actor *a)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		umcg_once(&once[i], call, &calls[i]);
		/* it is over, whoever did it */
		expect_eq(calls[i], 1);
		mixed_dawdle(a);
		a->steps++;
	}
}

START_TEST(once_only)
{
	run_all(call_all, "once");
}
END_TEST

/* ---- barrier ---------------------------------------------------------------- */

static struct umcg_barrier barrier;
static unsigned int there, lasts;

static void meet_often(struct actor *a)
{
	unsigned int i;
	int last;

	for (i = 0; i < ROUNDS; i++) {
		mixed_dawdle(a);
		__atomic_add_fetch(&there, 1, __ATOMIC_SEQ_CST);
		last = umcg_barrier_wait(&barrier);
		expect(last == 0 || last == 1);
		__atomic_add_fetch(&lasts, last, __ATOMIC_SEQ_CST);
		/* all have come to this one, none is past the next */
		expect(__atomic_load_n(&there, __ATOMIC_SEQ_CST) >= (i + 1) * ALL);
		expect(__atomic_load_n(&there, __ATOMIC_SEQ_CST) < (i + 2) * ALL);
		a->steps++;
	}
}

START_TEST(barrier_of_many)
{
	ck_assert_int_eq(umcg_barrier_init(&barrier, 0), -EINVAL);
	ck_assert_int_eq(umcg_barrier_init(&barrier, ALL), 0);
	run_all(meet_often, "barrier");
	ck_assert_uint_eq(lasts, ROUNDS);
}
END_TEST

/* ---- join ------------------------------------------------------------------- */

static struct umcg_join joins[MIXED_MAX];
static unsigned long late;

/* In a ring: each waits for the one before it, the first for nobody. */
static void join_the_one_before(struct actor *a)
{
	struct actor *before = &mixed.actor[a->index - 1];
	void *value = NULL;
	int error;

	mixed_dawdle(a);
	if (a->index) {
		do {
			error = umcg_join_wait(&joins[a->index - 1], &value,
					       mixed_timeout(a));
			expect(!error || error == -ETIMEDOUT);
			late += !!error;
		} while (error);
		expect(value == before);
		expect_eq(before->steps, 1);
		/* it can be asked again, and cannot be done again */
		expect_eq(umcg_join_wait(&joins[a->index - 1], NULL, 1), 0);
		expect_eq(umcg_join_done(&joins[a->index - 1], a), -EALREADY);
	} else {
		sleep_ns(20 * MSEC);
	}
	a->steps = 1;
	expect_eq(umcg_join_done(&joins[a->index], a), 0);
}

START_TEST(join_in_a_ring)
{
	void *value;

	run_all(join_the_one_before, "join");
	ck_assert_int_eq(umcg_join_wait(&joins[mixed.actors - 1], &value, 0), 0);
	ck_assert_ptr_eq(value, &mixed.actor[mixed.actors - 1]);
	ck_assert_int_eq(umcg_join_wait(&joins[mixed.actors], NULL, 1), -ETIMEDOUT);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("sync_meet");

	ADD(s, once_only, 100);
	ADD(s, barrier_of_many, 100);
	ADD(s, join_in_a_ring, 100);
	return s;
}
