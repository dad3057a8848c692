// SPDX-License-Identifier: GPL-2.0-only
/* The bounded queue of libumcg-sync: what goes in comes out, once and in order. */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#include <stdint.h>
#include <stdlib.h>

#include "clock.h"
#include "crew.h"
#include "mixed.h"
#include "suite.h"

#define SIZE	4

static struct server boss;
static struct umcg_group *group;
static struct umcg_queue queue;
static void *room[SIZE];

static void begin(void)
{
	ck_assert_int_eq(umcg_queue_init(&queue, room, SIZE), 0);
	group = open_group();
	server_start(&boss, group);
}

static long take_once(struct worker *w)
{
	void *item = NULL;
	int error;

	worker_attach(w);
	error = umcg_queue_pop(&queue, &item, 0, 0);
	w->arg = item;
	step_set(w, 1);
	return error;
}

/* Two items, with the flags at @arg for the first. */
static long put_twice(struct worker *w)
{
	worker_attach(w);
	expect_eq(umcg_queue_push(&queue, w, *(__u32 *)w->arg, 0), 0);
	step_set(w, 1);
	expect_eq(umcg_queue_push(&queue, &queue, UMCG_QUEUE_MORE, 0), 0);
	return 0;
}

/* @consumer waits, @producer has not run yet. */
static void begin_with(struct worker *consumer, struct worker *producer)
{
	begin();
	worker_hire(&boss, consumer);
	ck_assert_int_eq(server_run(&boss, consumer), UMCG_CUR_WAIT);
	worker_hire(&boss, producer);
}

START_TEST(turn_goes_with_the_item)
{
	__u32 flags = 0;
	struct worker a = { .run = take_once };
	struct worker b = { .run = put_twice, .arg = &flags };

	begin_with(&a, &b);
	/* from b to a, which is gone with it; b was queued */
	ck_assert_uint_eq(server_run_on(&boss, &b), a.args.slot | UMCG_CUR_EXIT);
	ck_assert_uint_eq(step_get(&b), 0);
	ck_assert_ptr_eq(a.arg, &b);
	server_expect(&boss, &b, UMCG_EV_WAIT);
	server_finish(&boss, &b);
	pthread_join(a.thread, NULL);
	ck_assert_uint_eq(queue.count, 1);
}
END_TEST

START_TEST(more_only_wakes)
{
	__u32 flags = UMCG_QUEUE_MORE;
	struct worker a = { .run = take_once };
	struct worker b = { .run = put_twice, .arg = &flags };

	begin_with(&a, &b);
	server_finish(&boss, &b);
	ck_assert_uint_eq(step_get(&a), 0);
	server_expect(&boss, &a, UMCG_EV_WAKE);
	server_finish(&boss, &a);
	ck_assert_ptr_eq(a.arg, &b);
	ck_assert_uint_eq(queue.count, 1);
}
END_TEST

/* A consumer that somebody has woken is on a list: the item is its own all the same. */
START_TEST(consumer_is_on_a_list)
{
	__u32 flags = 0;
	struct worker a = { .run = take_once };
	struct worker b = { .run = put_twice, .arg = &flags };

	begin_with(&a, &b);
	ck_assert_int_eq(umcg_wake(group, a.tid), 0);
	server_finish(&boss, &b);
	server_expect(&boss, &a, UMCG_EV_WAKE);
	server_finish(&boss, &a);
	ck_assert_ptr_eq(a.arg, &b);
}
END_TEST

static long put_five(struct worker *w)
{
	uintptr_t i;

	worker_attach(w);
	for (i = 1; i <= SIZE + 1; i++)
		expect_eq(umcg_queue_push(&queue, (void *)i, 0, 0), 0);
	return 0;
}

START_TEST(full_and_closed)
{
	struct worker a = { .run = put_five }, b = { .run = take_once };
	uintptr_t i;
	void *item;

	ck_assert_int_eq(umcg_queue_init(&queue, NULL, SIZE), -EINVAL);
	ck_assert_int_eq(umcg_queue_init(&queue, room, 0), -EINVAL);
	begin();
	ck_assert_int_eq(umcg_queue_push(&queue, NULL, 4, 0), -EINVAL);
	ck_assert_int_eq(umcg_queue_pop(&queue, &item, UMCG_QUEUE_MORE, 0), -EINVAL);
	ck_assert_int_eq(umcg_queue_pop(&queue, &item, UMCG_QUEUE_TRY, 0), -EAGAIN);
	worker_hire(&boss, &a);
	ck_assert_int_eq(server_run(&boss, &a), UMCG_CUR_WAIT);
	ck_assert_int_eq(umcg_queue_push(&queue, NULL, UMCG_QUEUE_TRY, 0), -EAGAIN);
	ck_assert_int_eq(umcg_queue_push(&queue, NULL, 0, now() + MSEC), -ETIMEDOUT);
	for (i = 1; i <= SIZE + 1; i++) {
		ck_assert_int_eq(umcg_queue_pop(&queue, &item, 0, 0), 0);
		ck_assert_uint_eq((uintptr_t)item, i);
	}
	server_expect(&boss, &a, UMCG_EV_WAKE);
	server_finish(&boss, &a);
	worker_hire(&boss, &b);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	umcg_queue_close(&queue);
	server_expect(&boss, &b, UMCG_EV_WAKE);
	server_finish(&boss, &b);
	ck_assert_int_eq(b.result, -EPIPE);
	ck_assert_int_eq(umcg_queue_push(&queue, NULL, 0, 0), -EPIPE);
	ck_assert_int_eq(umcg_queue_pop(&queue, &item, 0, 0), -EPIPE);
}
END_TEST

/* ---- many ------------------------------------------------------------------- */

#define ROUNDS	fewer(500)

/* An item says who has put it in, and its number: those of one come in order. */
static struct mixed mixed;
static unsigned long seen[MIXED_MAX][MIXED_MAX]; /* by consumer, producer: the last */
static unsigned long put_in, taken_out, put_sum, taken_sum;
static int producing;

static void produce(struct actor *a)
{
	unsigned long item;
	unsigned int i;
	int error;

	for (i = 1; i <= ROUNDS; i++) {
		item = (unsigned long)i * MIXED_MAX + a->index;
		do {
			error = umcg_queue_push(&queue, (void *)item,
						rand_r(&a->seed) % 4, mixed_timeout(a));
			expect(!error || error == -ETIMEDOUT || error == -EAGAIN);
		} while (error);
		__atomic_add_fetch(&put_in, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&put_sum, item, __ATOMIC_RELAXED);
		a->steps++;
	}
	if (!__atomic_sub_fetch(&producing, 1, __ATOMIC_SEQ_CST))
		umcg_queue_close(&queue);
}

static void consume(struct actor *a)
{
	unsigned long item, *last;
	void *taken;
	int error;

	for (;;) {
		error = umcg_queue_pop(&queue, &taken, 0, mixed_timeout(a));
		if (error == -EPIPE)
			return;
		expect(!error || error == -ETIMEDOUT);
		if (error)
			continue;
		item = (unsigned long)taken;
		last = &seen[a->index][item % MIXED_MAX];
		expect(*last < item);
		*last = item;
		__atomic_add_fetch(&taken_out, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&taken_sum, item, __ATOMIC_RELAXED);
		mixed_dawdle(a);
		a->steps++;
	}
}

static void produce_or_consume(struct actor *a)
{
	if (a->index % 2)
		produce(a);
	else
		consume(a);
}

START_TEST(of_many)
{
	static const int how_many[ACTOR_KINDS] = { 6, 1, 1, 3, 1 };

	ck_assert_int_eq(umcg_queue_init(&queue, room, SIZE), 0);
	producing = 6;
	mixed_start(&mixed, open_group(), 2, how_many, produce_or_consume);
	mixed_signals(&mixed);
	mixed_join(&mixed);
	fifo_stop(&mixed.fifo);
	ck_assert_uint_eq(put_in, 6 * ROUNDS);
	ck_assert_uint_eq(taken_out, put_in);
	ck_assert_uint_eq(taken_sum, put_sum);
	fifo_note(&mixed.fifo, "queue");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("sync_queue");

	ADD(s, turn_goes_with_the_item, 20);
	ADD(s, more_only_wakes, 20);
	ADD(s, consumer_is_on_a_list, 20);
	ADD(s, full_and_closed, 20);
	ADD(s, of_many, 100);
	return s;
}
