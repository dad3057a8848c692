// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list protocol, against threads which push as the kernel does, and against
 * slots which somebody has scribbled over.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

#include "internal.h"
#include "layout.h"

#define SLOTS	129	/* the header, and 128 that can be pushed */
#define STRIDE	128	/* not sizeof: nobody may hard-code that */
#define OWNER	5	/* whose list; never pushed itself */

static struct umcg_group group;
static struct umcg_list list;

static struct umcg_task *slot(__u32 index)
{
	return umcg_slot(&group, index);
}

static void setup(void)
{
	group = (struct umcg_group){
		.fd = -1,
		.slots = aligned_alloc(STRIDE, SLOTS * STRIDE),
		.query = { .slot_stride = STRIDE, .slots_max = SLOTS },
	};
	for (__u32 i = 0; i < SLOTS; i++)
		*slot(i) = (struct umcg_task){ .head = UMCG_LIST_END, .tid = i };
	umcg_list_init(&list);
}

static void teardown(void)
{
	free(group.slots);
}

/* --- the kernel's part --------------------------------------------------- */

static __u32 push_begin(__u32 owner, __u32 me, __u32 events)
{
	struct umcg_task *t = slot(me);

	__atomic_fetch_or(&t->events, events | UMCG_EV_QUEUED, __ATOMIC_SEQ_CST);
	__atomic_store_n(&t->link, UMCG_LIST_PENDING, __ATOMIC_RELAXED);
	return __atomic_exchange_n(&slot(owner)->head, me, __ATOMIC_SEQ_CST);
}

static void push_end(__u32 me, __u32 old)
{
	__atomic_store_n(&slot(me)->link, old, __ATOMIC_RELEASE);
}

static void push(__u32 owner, __u32 me, __u32 events)
{
	push_end(me, push_begin(owner, me, events));
}

/* --- one thread ---------------------------------------------------------- */

START_TEST(slots_are_where_query_says)
{
	ck_assert_ptr_eq(slot(0), (void *)group.slots);
	ck_assert_ptr_eq(slot(3), (void *)(group.slots + 3 * STRIDE));
	ck_assert_ptr_nonnull(slot(SLOTS - 1));
	ck_assert_ptr_null(slot(SLOTS));
	ck_assert_ptr_null(slot(UMCG_LIST_PENDING));
	ck_assert_ptr_null(slot(UMCG_LIST_END));
}
END_TEST

START_TEST(nothing_to_take)
{
	struct umcg_list zero = { 0 };
	__u32 events = 0xdead;

	ck_assert(umcg_list_empty(&list));
	ck_assert(umcg_list_empty(&zero));
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 0);
	ck_assert(umcg_list_empty(&list));
	ck_assert_uint_eq(umcg_list_pop(&group, &list, &events), 0);
	ck_assert_int_eq(umcg_list_take(&group, SLOTS, &list), -EINVAL);
}
END_TEST

START_TEST(oldest_first)
{
	__u32 events;

	for (__u32 i = 10; i < 20; i++)
		push(OWNER, i, UMCG_EV_WAKE);
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 10);
	ck_assert_uint_eq(slot(OWNER)->head, UMCG_LIST_END);
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 0);
	for (__u32 i = 10; i < 20; i++) {
		ck_assert(!umcg_list_empty(&list));
		ck_assert_uint_eq(list.first, i);
		events = 0;
		ck_assert_uint_eq(umcg_list_pop(&group, &list, &events), i);
		ck_assert_uint_eq(events, UMCG_EV_WAKE | UMCG_EV_QUEUED);
		ck_assert_uint_eq(slot(i)->events, 0);
	}
	ck_assert(umcg_list_empty(&list));
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 0);
}
END_TEST

START_TEST(taken_lists_are_joined)
{
	push(OWNER, 10, 0);
	push(OWNER, 11, 0);
	push(0, 20, 0);
	push(0, 21, 0);
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 2);
	ck_assert_int_eq(umcg_list_take(&group, 0, &list), 2);
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 10);
	/* popped, so it can be pushed again, and comes behind the others */
	push(OWNER, 10, 0);
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 1);
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 11);
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 20);
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 21);
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 10);
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 0);
	/* and from empty again */
	push(OWNER, 12, 0);
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 1);
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 12);
}
END_TEST

START_TEST(events_until_the_pop_count)
{
	__u32 events;

	push(OWNER, 10, UMCG_EV_WAKE);
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 1);
	/* while queued the kernel pushes nothing, it adds events */
	slot(10)->events |= UMCG_EV_EXIT;
	ck_assert_uint_eq(umcg_list_pop(&group, &list, &events), 10);
	ck_assert_uint_eq(events, UMCG_EV_WAKE | UMCG_EV_EXIT | UMCG_EV_QUEUED);
}
END_TEST

/* Its list is taken before its slot is free for another: both ends of @list. */
START_TEST(a_dead_server_brings_its_list)
{
	const __u32 dead = 30;
	__u32 events;

	for (int last = 0; last < 2; last++) {
		push(dead, 10, 0);
		push(dead, 11, 0);
		push(OWNER, dead, UMCG_EV_EXIT | UMCG_EV_REHOMED);
		if (!last)
			push(OWNER, 20, 0);
		ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 2 - last);
		ck_assert_uint_eq(umcg_list_pop(&group, &list, &events), dead);
		ck_assert_uint_eq(events,
				  UMCG_EV_EXIT | UMCG_EV_REHOMED | UMCG_EV_QUEUED);
		ck_assert_uint_eq(slot(dead)->head, UMCG_LIST_END);
		if (!last)
			ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 20);
		ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 10);
		ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 11);
		ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 0);
	}
}
END_TEST

START_TEST(own_events_leave_queued)
{
	struct umcg_task *t = slot(OWNER);

	ck_assert_uint_eq(umcg_events(t), 0);
	t->events = UMCG_EV_QUEUED;
	ck_assert_uint_eq(umcg_events(t), 0);
	t->events = UMCG_EV_QUEUED | UMCG_EV_REHOMED;
	ck_assert_uint_eq(umcg_events(t), UMCG_EV_REHOMED);
	ck_assert_uint_eq(t->events, UMCG_EV_QUEUED);
}
END_TEST

START_TEST(words_are_taken_apart)
{
	struct umcg_task *t = slot(OWNER);

	t->state = UMCG_TASK_BLOCKED | 35U << UMCG_BLOCKED_SHIFT;
	ck_assert_uint_eq(UMCG_STATE(umcg_state(t)), UMCG_TASK_BLOCKED);
	ck_assert_uint_eq(UMCG_BLOCKED_IN(umcg_state(t)), 35);
	t->cur = UMCG_CUR_EXIT | 77;
	ck_assert_uint_eq(UMCG_CUR_SLOT(umcg_cur(t)), 77);
	ck_assert_uint_eq(UMCG_CUR_WHY(umcg_cur(t)), UMCG_CUR_EXIT);
	t->next_tid = 4711 | UMCG_TID_RUNNING;
	ck_assert_uint_eq(umcg_next_tid(t), 4711 | UMCG_TID_RUNNING);
}
END_TEST

/* --- scribbled memory ---------------------------------------------------- */

/* Pop until it says 0, which it must: more often than there are slots is a loop. */
static int pop_all(void)
{
	int n = 0;

	while (umcg_list_pop(&group, &list, NULL))
		ck_assert_int_le(++n, SLOTS);
	ck_assert(umcg_list_empty(&list));
	return n;
}

/* The chain 10, 11, 12, 13, with the word given as the link of 12. */
static const struct {
	const char *what;
	__u32 link;
	int taken;
} scribbles[] = {
	{ "out of range", SLOTS, 2 },
	{ "far out of range", 0x7fffffff, 2 },
	{ "the header", 0, 2 },
	{ "itself", 12, -1 },
	{ "round in a circle", 13, -1 },
	{ "a slot on no list", 50, 2 },
	{ "cut short", UMCG_LIST_END, 2 },
};

START_TEST(scribbled_link)
{
	int taken;

	for (__u32 i = 10; i < 14; i++)
		push(OWNER, i, 0);
	slot(12)->link = scribbles[_i].link;
	taken = umcg_list_take(&group, OWNER, &list);
	if (scribbles[_i].taken >= 0)
		ck_assert_msg(taken == scribbles[_i].taken, "%s: %d taken",
			      scribbles[_i].what, taken);
	ck_assert_int_le(taken, SLOTS);
	ck_assert_int_ge(pop_all(), scribbles[_i].taken);
	/* and the list is as good as new */
	push(OWNER, 60, 0);
	push(OWNER, 61, 0);
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 2);
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 60);
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 61);
}
END_TEST

START_TEST(scribbled_head)
{
	static const __u32 heads[] = { 0, SLOTS, 50, 0x80000000, UMCG_LIST_PENDING };

	slot(OWNER)->head = heads[_i];
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 0);
	ck_assert_int_eq(pop_all(), 0);
}
END_TEST

START_TEST(scribbled_after_the_take)
{
	for (__u32 i = 10; i < 14; i++)
		push(OWNER, i, 0);
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 4);
	slot(11)->link = scribbles[_i].link;
	pop_all();
}
END_TEST

START_TEST(scribbled_end_of_a_taken_list)
{
	push(OWNER, 10, 0);
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 1);
	slot(10)->events = 0;
	push(OWNER, 11, 0);
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 1);
	ck_assert_uint_eq(umcg_list_pop(&group, &list, NULL), 11);
	list.first = 0x12345678;
	list.last = 0x87654321;
	ck_assert_int_eq(pop_all(), 0);
}
END_TEST

START_TEST(random_garbage)
{
	unsigned int seed = 1;

	for (int round = 0; round < 2000; round++) {
		for (__u32 i = 0; i < SLOTS; i++) {
			slot(i)->link = rand_r(&seed) % (SLOTS + 3);
			slot(i)->head = rand_r(&seed) % (SLOTS + 3);
			slot(i)->events = rand_r(&seed) % 4 ? UMCG_EV_QUEUED : 0;
			if (rand_r(&seed) % 4 == 0)
				slot(i)->events |= UMCG_EV_REHOMED;
		}
		ck_assert_int_le(umcg_list_take(&group, OWNER, &list), SLOTS);
		ck_assert_int_le(umcg_list_take(&group, 0, &list), SLOTS);
		pop_all();
	}
}
END_TEST

START_TEST(link_pending_for_ever)
{
	push(OWNER, 10, 0);
	push(OWNER, 11, 0);
	slot(10)->link = UMCG_LIST_PENDING;
	ck_assert_int_eq(umcg_list_take(&group, OWNER, &list), 2);
	ck_assert_int_eq(pop_all(), 2);
}
END_TEST

/* --- threads ------------------------------------------------------------- */

#define PUSHES	150000

/* A CPU of the kernel: pushes the slots from first to end, over and over. */
struct pusher {
	pthread_t thread;
	__u32 first;
	__u32 end;
	__u32 pushes;
};

static int pushers_left;
static int late_events[2]; /* set, seen */
static uint8_t seen[2][PUSHES];

/* Timers: the kernel adds events to what is queued. Each comes out with a pop. */
static void *timer_main(void *arg)
{
	__u32 *events, old;

	(void)arg;
	for (__u32 me = 10; __atomic_load_n(&pushers_left, __ATOMIC_ACQUIRE); me++) {
		if (me == SLOTS) {
			me = 10;
			sched_yield();
		}
		events = &slot(me)->events;
		old = __atomic_load_n(events, __ATOMIC_RELAXED);
		while ((old & (UMCG_EV_QUEUED | UMCG_EV_TIMEOUT)) == UMCG_EV_QUEUED)
			if (__atomic_compare_exchange_n(events, &old, old | UMCG_EV_TIMEOUT,
							false, __ATOMIC_SEQ_CST,
							__ATOMIC_RELAXED)) {
				late_events[0]++;
				break;
			}
	}
	return NULL;
}

static void *pusher_main(void *arg)
{
	struct pusher *p = arg;
	__u32 me = p->first;
	__u32 old;

	for (__u32 n = 0; n < p->pushes; n++) {
		/* not before its QUEUED is cleared, as the kernel's own flag has it */
		while (__atomic_load_n(&slot(me)->events, __ATOMIC_ACQUIRE) & UMCG_EV_QUEUED)
			if (++me == p->end) {
				me = p->first;
				sched_yield();
			}
		slot(me)->user = n;
		old = push_begin(OWNER, me, UMCG_EV_WAKE);
		if (n % 64 == 0)
			sched_yield(); /* let somebody see it PENDING */
		push_end(me, old);
	}
	__atomic_fetch_sub(&pushers_left, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* A server: what it takes comes in the order in which each pusher pushed it. */
static void *taker_main(void *arg)
{
	struct pusher *pushers = arg;
	struct umcg_list mine = { 0 };
	int64_t last[2] = { -1, -1 };
	__u32 index, events;
	int left, who;

	do {
		left = __atomic_load_n(&pushers_left, __ATOMIC_ACQUIRE);
		if (umcg_list_take(&group, OWNER, &mine) == 0)
			sched_yield();
		while (!umcg_list_empty(&mine)) {
			__u64 n = slot(mine.first)->user;

			index = umcg_list_pop(&group, &mine, &events);
			ck_assert_uint_ne(index, 0);
			if (events & UMCG_EV_TIMEOUT)
				__atomic_fetch_add(&late_events[1], 1, __ATOMIC_RELAXED);
			ck_assert_uint_eq(events & ~UMCG_EV_TIMEOUT,
					  UMCG_EV_WAKE | UMCG_EV_QUEUED);
			who = index >= pushers[1].first;
			ck_assert_int_gt(n, last[who]);
			last[who] = n;
			ck_assert_uint_eq(__atomic_fetch_add(&seen[who][n], 1,
							     __ATOMIC_RELAXED), 0);
		}
	} while (left);
	return NULL;
}

static void run_threads(int takers)
{
	struct pusher pushers[2] = {
		{ .first = 10, .end = 70, .pushes = PUSHES },
		{ .first = 70, .end = SLOTS, .pushes = PUSHES },
	};
	pthread_t taker[2], timer;

	pushers_left = 2;
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&pushers[i].thread, NULL, pusher_main,
						&pushers[i]), 0);
	ck_assert_int_eq(pthread_create(&timer, NULL, timer_main, NULL), 0);
	for (int i = 0; i < takers; i++)
		ck_assert_int_eq(pthread_create(&taker[i], NULL, taker_main, pushers), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(pushers[i].thread, NULL);
	for (int i = 0; i < takers; i++)
		pthread_join(taker[i], NULL);
	pthread_join(timer, NULL);
	/* what was added too late for the last pops is still there */
	for (__u32 i = 10; i < SLOTS; i++)
		late_events[1] += !!(slot(i)->events & UMCG_EV_TIMEOUT);
	ck_assert_int_gt(late_events[0], 0);
	ck_assert_int_eq(late_events[0], late_events[1]);
	for (__u32 n = 0; n < PUSHES; n++) {
		ck_assert_uint_eq(seen[0][n], 1);
		ck_assert_uint_eq(seen[1][n], 1);
	}
}

START_TEST(one_server_takes)
{
	run_threads(1);
}
END_TEST

START_TEST(two_servers_steal)
{
	run_threads(2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");
	TCase *tcase = tcase_create("list");
	int nscribbles = sizeof(scribbles) / sizeof(scribbles[0]);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, slots_are_where_query_says);
	tcase_add_test(tcase, nothing_to_take);
	tcase_add_test(tcase, oldest_first);
	tcase_add_test(tcase, taken_lists_are_joined);
	tcase_add_test(tcase, events_until_the_pop_count);
	tcase_add_test(tcase, a_dead_server_brings_its_list);
	tcase_add_test(tcase, own_events_leave_queued);
	tcase_add_test(tcase, words_are_taken_apart);
	tcase_add_loop_test(tcase, scribbled_link, 0, nscribbles);
	tcase_add_loop_test(tcase, scribbled_head, 0, 5);
	tcase_add_loop_test(tcase, scribbled_after_the_take, 0, nscribbles);
	tcase_add_test(tcase, scribbled_end_of_a_taken_list);
	tcase_add_test(tcase, random_garbage);
	tcase_add_test(tcase, link_pending_for_ever);
	tcase_add_test(tcase, one_server_takes);
	tcase_add_test(tcase, two_servers_steal);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
