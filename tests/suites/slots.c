// SPDX-License-Identifier: GPL-2.0-only
/* What a slot holds, from the first look at it to its next owner. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

#define CROWD	40

static long nothing(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

START_TEST(nobody_has_been_there_before)
{
	struct umcg_group *g = open_group();
	struct umcg_query q;
	struct umcg_task *t;
	__u32 i;

	umcg_query(g, &q);
	for (i = 1; i < q.slots_max; i++) {
		t = umcg_slot(g, i);
		expect_eq(t->state, UMCG_TASK_NONE);
		expect_eq(t->tid, 0);
		expect_eq(t->user, 0);
		expect_eq(t->next_tid | t->server_tid | t->events | t->gen, 0);
		expect(!t->link || t->link == UMCG_LIST_END);
		expect(!t->head || t->head == UMCG_LIST_END);
	}
	t = umcg_slot(g, 0);
	ck_assert_uint_eq(t->tid, getpid());
	ck_assert_uint_eq(t->head, UMCG_LIST_END);
	ck_assert_uint_eq(t->events, 0);
}
END_TEST

START_TEST(a_new_server)
{
	struct umcg_group *g = open_group();
	struct umcg_query q;
	struct umcg_task *t;
	int slot = umcg_register_server(g, 0x0123456789abcdefULL);

	umcg_query(g, &q);
	ck_assert_int_gt(slot, 0);
	ck_assert_uint_lt(slot, q.slots_max);
	t = umcg_slot(g, slot);
	ck_assert_uint_eq(t->state, UMCG_TASK_RUNNING);
	ck_assert_uint_eq(t->next_tid, 0);
	ck_assert_uint_eq(t->tid, gettid());
	ck_assert_uint_eq(t->events, 0);
	ck_assert_uint_eq(t->head, UMCG_LIST_END);
	ck_assert_uint_eq(t->cur, UMCG_CUR_NONE);
	ck_assert_uint_eq(t->user, 0x0123456789abcdefULL);
	ck_assert_uint_eq(t->gen, 1);
}
END_TEST

START_TEST(a_new_worker)
{
	struct umcg_group *g = open_group();
	struct worker w = { .run = nothing };
	struct umcg_task *t;
	struct server s;

	server_start(&s, g);
	worker_hire(&s, &w);
	t = worker_slot(&w);
	ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNABLE);
	ck_assert_uint_eq(worker_blocked_in(&w), SYS_ioctl);
	ck_assert_uint_eq(t->tid, w.tid);
	ck_assert_uint_eq(t->server_tid, s.tid);
	ck_assert_uint_eq(t->user, (unsigned long)&w);
	ck_assert_uint_eq(t->events, 0);
	ck_assert_uint_eq(t->gen, 1);
	ck_assert_uint_ne(w.args.slot, s.slot);
	ck_assert_uint_eq(step_get(&w), 0);
	server_finish(&s, &w);
	ck_assert_uint_eq(step_get(&w), 1);
}
END_TEST

/* Every one of them is complete at the moment it can be seen. */
START_TEST(the_user_word_comes_first)
{
	static struct worker crowd[CROWD];
	struct umcg_group *g = open_group();
	struct umcg_list list;
	struct umcg_task *t;
	struct server s;
	int i, taken = 0;
	__u32 slot;

	server_start(&s, g);
	for (i = 0; i < CROWD; i++) {
		crowd[i].run = nothing;
		worker_start(&crowd[i], g, i % 2 ? s.tid : 0);
		umcg_list_init(&list);
		umcg_list_take(g, i % 2 ? s.slot : 0, &list);
		while (!umcg_list_empty(&list)) {
			t = umcg_slot(g, list.first);
			expect(t->user >= (unsigned long)&crowd[0] &&
			       t->user <= (unsigned long)&crowd[CROWD - 1]);
			slot = list.first;
			expect_eq(((struct worker *)(uintptr_t)t->user)->args.slot, slot);
			expect_eq(umcg_list_pop(g, &list, NULL), slot);
			taken++;
		}
	}
	while (taken < CROWD) {
		__u32 events;

		(void)server_next(&s, &events);
		taken++;
	}
	for (i = 0; i < CROWD; i++)
		server_finish(&s, &crowd[i]);
}
END_TEST

/* A slot that is given out again counts it, and nothing of its past is left. */
START_TEST(reuse_is_counted)
{
	static __u32 gens[1 << 16];
	struct umcg_group *g = open_group();
	struct worker w = { .run = nothing };
	int i, reused = 0;
	struct server s;

	server_start(&s, g);
	for (i = 0; i < 100; i++) {
		memset(&w.args, 0, sizeof(w.args));
		worker_hire(&s, &w);
		expect_eq(worker_slot(&w)->gen, gens[w.args.slot] + 1);
		expect_eq(worker_slot(&w)->section, 0);
		reused += gens[w.args.slot] > 0;
		gens[w.args.slot]++;
		worker_slot(&w)->section = 0;
		worker_slot(&w)->next_tid = 0x1111;
		server_finish(&s, &w);
	}
	/* or 65,535 threads one after the other would be all of a group */
	ck_assert_int_gt(reused, 50);
}
END_TEST

/* A gone worker's slot stays what it was until its server waits again. */
static struct comer {
	struct umcg_group *group;
	__u32 times;
	struct umcg_register args;
	int error;
} comer;

/* Each time a slot more: who was a server is on a list until it has been seen. */
static void *come_and_go(void *unused)
{
	for (comer.error = 0; !comer.error; comer.times++) {
		comer.args = (struct umcg_register){
			.flags = UMCG_REG_SERVER,
			.clock = CLOCK_MONOTONIC,
			.slot = 0xcccccccc,
		};
		comer.error = umcg_register(comer.group, &comer.args);
		if (!comer.error)
			expect_eq(umcg_unregister(comer.group), 0);
	}
	comer.times--;
	return unused;
}

static void come_and_go_once_more(void)
{
	pthread_t thread;

	comer.times = 0;
	expect(!pthread_create(&thread, NULL, come_and_go, NULL));
	pthread_join(thread, NULL);
	ck_assert_int_eq(comer.error, -ENOSPC);
	ck_assert_uint_eq(comer.args.slot, 0xcccccccc);
}

START_TEST(all_are_taken)
{
	struct umcg_query q;
	struct server heir;
	__u32 events, n = 0;

	comer.group = open_group();
	umcg_query(comer.group, &q);
	server_start(&heir, comer.group);
	/* but for the group's own, and the heir's */
	come_and_go_once_more();
	ck_assert_uint_eq(comer.times, q.slots_max - 2);
	come_and_go_once_more();
	ck_assert_uint_eq(comer.times, 0);
	umcg_list_take(comer.group, heir.slot, &heir.list);
	while (umcg_list_pop(comer.group, &heir.list, &events)) {
		expect_eq(events, UMCG_EV_QUEUED | UMCG_EV_EXIT |
					  UMCG_EV_REHOMED);
		n++;
	}
	ck_assert_uint_eq(n, q.slots_max - 2);
	come_and_go_once_more();
	ck_assert_uint_eq(comer.times, q.slots_max - 2);
}
END_TEST

START_TEST(a_gone_worker_can_be_asked_who_it_was)
{
	struct umcg_group *g = open_group();
	struct worker w = { .run = nothing };
	struct umcg_task *t;
	struct server s;
	__u32 gen;

	server_start(&s, g);
	worker_hire(&s, &w);
	t = worker_slot(&w);
	gen = t->gen;
	server_finish(&s, &w);
	ck_assert_uint_eq(UMCG_CUR_SLOT(umcg_cur(s.self)), w.args.slot);
	ck_assert_uint_eq(UMCG_STATE(umcg_state(t)), UMCG_TASK_NONE);
	ck_assert_uint_eq(t->tid, w.tid);
	ck_assert_uint_eq(t->user, (unsigned long)&w);
	ck_assert_uint_eq(t->gen, gen);
}
END_TEST

/* Whoever writes into slots has only himself to blame, and hurts nobody else. */
START_TEST(scribbling_hurts_nobody)
{
	struct umcg_group *g = open_group();
	struct worker w = { .run = nothing };
	struct umcg_query q;
	struct server s;
	__u32 i, slot;

	umcg_query(g, &q);
	server_start(&s, g);
	worker_hire(&s, &w);
	for (i = 0; i < 64; i++)
		memset(umcg_slot(g, i), 0xa5, sizeof(struct umcg_task));
	slot = w.args.slot;
	umcg_slot(g, slot)->events = 0;
	s.self->next_tid = w.tid;
	/* the kernel knows that w is RUNNABLE, and that it is not on a list */
	ck_assert_int_eq(umcg_wait(g, 0, 0), 0);
	wait_for(step_get(&w) == 1);
	s.self->next_tid = 0xa5a5a5a5;
	ck_assert_int_eq(umcg_wait(g, 0, now() + 10 * MSEC), -EAGAIN);
	ck_assert_int_eq(umcg_unregister(g), 0);
	pthread_join(w.thread, NULL);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("slots");

	ADD(s, nobody_has_been_there_before, 20);
	ADD(s, a_new_server, 20);
	ADD(s, a_new_worker, 20);
	ADD(s, the_user_word_comes_first, 40);
	ADD(s, reuse_is_counted, 40);
	ADD(s, all_are_taken, 60);
	ADD(s, a_gone_worker_can_be_asked_who_it_was, 20);
	ADD(s, scribbling_hurts_nobody, 20);
	return s;
}
