// SPDX-License-Identifier: GPL-2.0-only
/* MULTI: a server that runs several workers at a time, and what ends that. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

#define MANY	3
#define SLICE	(5 * MSEC)

static struct umcg_group *group;
static struct server boss;
static int stops[MANY];
static struct worker spinners[MANY];

static void begin(__u32 modes, __u64 slice)
{
	int i;

	group = open_group();
	server_start_as(&boss, group, modes, slice);
	for (i = 0; i < MANY; i++) {
		spinners[i].run = worker_spin;
		spinners[i].arg = &stops[i];
		worker_hire(&boss, &spinners[i]);
	}
}

static void stop(int i)
{
	__atomic_store_n(&stops[i], 1, __ATOMIC_SEQ_CST);
}

/* Start it, and come back: a kick of oneself is kept for the next WAIT. */
static void launch(struct server *s, struct worker *w)
{
	expect_eq(umcg_kick(group, s->tid, 0), 0);
	expect_eq(server_switch(s, w, 0), 0);
}

/* The same with one that goes on running. */
static void start(struct server *s, struct worker *w)
{
	launch(s, w);
	expect_eq(umcg_events(s->self), UMCG_EV_PREEMPT);
	expect_eq(umcg_next_tid(s->self), w->tid | UMCG_TID_RUNNING);
	expect_eq(umcg_cur(s->self), w->args.slot | UMCG_CUR_RUNNING);
	expect_eq(worker_state(w), UMCG_TASK_RUNNING);
}

static void all_run(struct server *s)
{
	unsigned int before;
	int i;

	for (i = 0; i < MANY; i++)
		start(s, &spinners[i]);
	for (i = 0; i < MANY; i++) {
		before = step_get(&spinners[i]);
		wait_for(step_get(&spinners[i]) > before);
	}
}

/* WAIT with bit 31 for that one, not for long. */
static int wait_for_it(struct worker *w, __u64 timeout)
{
	return umcg_run(group, boss.self, w->tid | UMCG_TID_RUNNING, 0,
			timeout);
}

static void run_all_out(struct server *s)
{
	int i;

	for (i = 0; i < MANY; i++) {
		stop(i);
		server_run_out(s, &spinners[i]);
	}
}

START_TEST(not_without_it)
{
	begin(0, 0);
	start(&boss, &spinners[0]);
	ck_assert_int_eq(server_switch(&boss, &spinners[1], 0), -EBUSY);
	ck_assert_uint_eq(umcg_next_tid(boss.self), spinners[1].tid);
	ck_assert_uint_eq(worker_state(&spinners[1]), UMCG_TASK_RUNNABLE);
	ck_assert_uint_eq(step_get(&spinners[1]), 0);
}
END_TEST

/* Each can be waited for; whichever stops, the server is told. */
START_TEST(bit_31_for_each)
{
	struct worker idle = { .run = worker_spin, .arg = &stops[0] };
	int i;

	begin(UMCG_REG_MULTI, 0);
	worker_hire(&boss, &idle);
	all_run(&boss);
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(wait_for_it(&spinners[i], now() + 2 * MSEC),
				 -ETIMEDOUT);
	ck_assert_int_eq(wait_for_it(&idle, now() + SEC), -EAGAIN);
	ck_assert_int_eq(wait_for_it(&idle, now() + SEC), -EAGAIN);
	/* one that runs cannot be started, here or elsewhere */
	ck_assert_int_eq(server_switch(&boss, &spinners[0], 0), -EAGAIN);

	stop(1);
	ck_assert_int_eq(wait_for_it(&spinners[0], now() + 10 * SEC), 0);
	ck_assert_uint_eq(umcg_cur(boss.self),
			  spinners[1].args.slot | UMCG_CUR_EXIT);
	ck_assert_uint_eq(UMCG_STATE(worker_state(&spinners[1])),
			  UMCG_TASK_NONE);
	ck_assert_int_eq(wait_for_it(&spinners[1], now() + SEC), -EAGAIN);
	ck_assert_int_eq(wait_for_it(&spinners[0], now() + 2 * MSEC),
			 -ETIMEDOUT);
	ck_assert_int_eq(wait_for_it(&spinners[2], now() + 2 * MSEC),
			 -ETIMEDOUT);
}
END_TEST

/* On a list that nobody takes, without a link that is just being written. */
static int list_length(const struct umcg_task *head)
{
	__u32 at = list_newest(head);
	int length = 0;

	while (at != UMCG_LIST_END && at != UMCG_LIST_PENDING) {
		length++;
		at = __atomic_load_n(&umcg_slot(group, at)->link,
				     __ATOMIC_ACQUIRE);
	}
	return length;
}

/* cur has room for one; the list has everybody who is gone, once. */
START_TEST(all_gone_before_one_looks)
{
	unsigned int seen = 0;
	struct worker *w;
	__u32 events;
	int i;

	begin(UMCG_REG_MULTI, 0);
	all_run(&boss);
	for (i = 0; i < MANY; i++)
		stop(i);
	/* not only gone: the server would idle until the last one is queued */
	wait_for(list_length(boss.self) == MANY);
	for (i = 0; i < MANY; i++)
		ck_assert_uint_eq(worker_state(&spinners[i]), UMCG_TASK_NONE);
	ck_assert_uint_eq(UMCG_CUR_WHY(umcg_cur(boss.self)), UMCG_CUR_EXIT);
	for (i = 0; i < MANY; i++) {
		w = server_next(&boss, &events);
		ck_assert_uint_eq(events, UMCG_EV_QUEUED | UMCG_EV_EXIT);
		seen |= 1U << (w - spinners);
	}
	ck_assert_uint_eq(seen, (1U << MANY) - 1);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 1), 0);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 1), -ETIMEDOUT);
	server_expect_none(&boss);
}
END_TEST

/* One of them at a time, and each in the end. */
START_TEST(kicking_whoever_runs)
{
	unsigned int seen = 0;
	struct worker *w;
	__u32 events;
	int i, n;

	begin(UMCG_REG_MULTI, 0);
	all_run(&boss);
	for (i = 0; i < MANY; i++) {
		ck_assert_int_eq(umcg_kick(group, boss.tid, UMCG_KICK_CURRENT),
				 0);
		w = server_next(&boss, &events);
		ck_assert_uint_eq(events, UMCG_EV_QUEUED | UMCG_EV_PREEMPT);
		seen |= 1U << (w - spinners);
		server_expect_none(&boss);
		for (n = 0; n < MANY; n++)
			ck_assert_uint_eq(worker_state(&spinners[n]),
					  seen & 1U << n ? UMCG_TASK_RUNNABLE :
							   UMCG_TASK_RUNNING);
	}
	ck_assert_int_eq(umcg_kick(group, boss.tid, UMCG_KICK_CURRENT),
			 -EAGAIN);
	run_all_out(&boss);
}
END_TEST

/* The same while the others stop at any moment. */
static void start_among_others(struct server *s, struct worker *w)
{
	int error;

	do {
		error = server_switch(s, w, now() + MSEC);
		ck_assert(!error || error == -ETIMEDOUT);
	} while (umcg_next_tid(s->self) != (w->tid | UMCG_TID_RUNNING));
}

/* The slice of each is looked after, not only of the one that was started last. */
START_TEST(slices)
{
	unsigned int seen[MANY] = { 0 }, rounds;
	struct worker *w;
	__u32 events;

	begin(UMCG_REG_MULTI, SLICE);
	for (rounds = 0; rounds < MANY; rounds++)
		start_among_others(&boss, &spinners[rounds]);
	for (; !seen[0] || !seen[1] || !seen[2]; rounds++) {
		w = server_next(&boss, &events);
		ck_assert_uint_eq(events, UMCG_EV_QUEUED | UMCG_EV_PREEMPT);
		seen[w - spinners]++;
		/* the first, which spins on, has to stop for want of time only */
		if (w != &spinners[0])
			start_among_others(&boss, w);
		ck_assert_uint_lt(rounds, 1000);
	}
	note("%u slices until each of %d had ended", rounds - MANY, MANY);
}
END_TEST

static long hand_over(struct worker *w)
{
	struct worker *to = w->arg;

	expect_eq(umcg_run(group, worker_slot(w), to->tid, 0, 0), 0);
	return 0;
}

START_TEST(a_handoff_among_many)
{
	struct worker from = { .run = hand_over, .arg = &spinners[2] };
	__u32 events;
	int error;

	begin(UMCG_REG_MULTI, 0);
	worker_hire(&boss, &from);
	start(&boss, &spinners[0]);
	start(&boss, &spinners[1]);
	launch(&boss, &from);
	wait_for(worker_state(&from) == (UMCG_TASK_RUNNABLE | UMCG_TF_PARKED));
	ck_assert_uint_eq(umcg_cur(boss.self),
			  spinners[2].args.slot | UMCG_CUR_RUNNING);
	ck_assert_uint_eq(umcg_next_tid(boss.self),
			  spinners[2].tid | UMCG_TID_RUNNING);
	wait_for(step_get(&spinners[2]));
	stop(2);
	/* EAGAIN: it has stopped before we wait for it */
	error = umcg_wait(group, 0, now() + 10 * SEC);
	ck_assert(!error || error == -EAGAIN);
	expect(server_next(&boss, &events) == &spinners[2]);
	ck_assert_uint_eq(events, UMCG_EV_QUEUED | UMCG_EV_EXIT);
	ck_assert_uint_eq(worker_state(&spinners[0]), UMCG_TASK_RUNNING);
	ck_assert_uint_eq(worker_state(&spinners[1]), UMCG_TASK_RUNNING);
}
END_TEST

static struct server other;
static bool leave;

static void *run_all_and_die(void *arg)
{
	(void)arg;
	server_start_as(&other, group, UMCG_REG_MULTI, 0);
	wait_for(__atomic_load_n(&leave, __ATOMIC_SEQ_CST));
	all_run(&other);
	return NULL;
}

/* Its workers are stopped and queued; the heir is told, and runs them out. */
START_TEST(death_with_several_running)
{
	unsigned int seen = 0, rehomed = 0;
	struct umcg_task *t;
	pthread_t thread;
	__u32 events, slot;

	begin(0, 0);
	expect(!pthread_create(&thread, NULL, run_all_and_die, NULL));
	__atomic_store_n(&leave, true, __ATOMIC_SEQ_CST);
	while (!rehomed || seen != (1U << MANY) - 1) {
		umcg_list_take(group, boss.slot, &boss.list);
		umcg_list_take(group, 0, &boss.list);
		slot = boss.list.first;
		if (!slot) {
			expect(!umcg_run(group, boss.self, 0, 0, 0));
			continue;
		}
		t = umcg_slot(group, slot);
		expect(umcg_list_pop(group, &boss.list, &events) == slot);
		if (slot == other.slot) {
			ck_assert_uint_eq(events, UMCG_EV_QUEUED |
							  UMCG_EV_EXIT |
							  UMCG_EV_REHOMED);
			rehomed++;
			continue;
		}
		ck_assert_uint_eq(events, UMCG_EV_QUEUED | UMCG_EV_PREEMPT);
		seen |= 1U << ((struct worker *)(uintptr_t)t->user - spinners);
	}
	ck_assert_uint_eq(rehomed, 1);
	pthread_join(thread, NULL);
	run_all_out(&boss);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("multi");

	ADD(s, not_without_it, 20);
	ADD(s, bit_31_for_each, 30);
	ADD(s, all_gone_before_one_looks, 20);
	ADD(s, kicking_whoever_runs, 20);
	ADD(s, slices, 30);
	ADD(s, a_handoff_among_many, 20);
	ADD(s, death_with_several_running, 30);
	return s;
}
