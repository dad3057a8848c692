// SPDX-License-Identifier: GPL-2.0-only
/* WAIT by a worker: parking, queueing itself, and every error. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

static int wait_as(struct worker *w, __u32 next_tid, __u32 flags, __u64 timeout)
{
	return umcg_run(group, worker_slot(w), next_tid, flags, timeout);
}

static long park_thrice(struct worker *w)
{
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		step_set(w, i);
		expect_eq(wait_as(w, 0, 0, 0), 0);
		expect_eq(worker_slot(w)->next_tid, 0);
	}
	return 0;
}

START_TEST(parking)
{
	struct worker w = { .run = park_thrice };
	unsigned int i;

	begin();
	worker_hire(&boss, &w);
	for (i = 1; i <= 3; i++) {
		ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
		ck_assert_uint_eq(step_get(&w), i);
		ck_assert_uint_eq(worker_state(&w),
				  UMCG_TASK_RUNNABLE | UMCG_TF_PARKED);
		ck_assert_uint_eq(worker_slot(&w)->events, 0);
		/* and nobody else is told */
		ck_assert_int_eq(umcg_run(group, boss.self, 0, 0,
					  now() + 2 * MSEC), -ETIMEDOUT);
		server_expect_none(&boss);
	}
	server_finish(&boss, &w);
}
END_TEST

static long yield_thrice(struct worker *w)
{
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		step_set(w, i);
		expect_eq(wait_as(w, 0, UMCG_WAIT_ENQUEUE, 0), 0);
	}
	return 0;
}

START_TEST(queueing_itself)
{
	struct worker w = { .run = yield_thrice };
	unsigned int i;

	begin();
	worker_hire(&boss, &w);
	for (i = 1; i <= 3; i++) {
		ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
		ck_assert_uint_eq(step_get(&w), i);
		ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNABLE);
		server_expect(&boss, &w, UMCG_EV_WAIT);
		server_expect_none(&boss);
	}
	server_finish(&boss, &w);
}
END_TEST

/* The home is the worker's to change, and is read when it queues itself. */
static long move_about(struct worker *w)
{
	struct umcg_task *me = worker_slot(w);

	me->server_tid = 0;
	expect_eq(wait_as(w, 0, UMCG_WAIT_ENQUEUE, 0), 0);
	me->server_tid = boss.tid;
	expect_eq(wait_as(w, 0, UMCG_WAIT_ENQUEUE, 0), 0);
	/* no server of the group: it stays where it was, and reads so */
	me->server_tid = w->tid;
	expect_eq(wait_as(w, 0, UMCG_WAIT_ENQUEUE, 0), 0);
	expect_eq(me->server_tid, boss.tid);
	me->server_tid = 0x3fffffff;
	expect_eq(wait_as(w, 0, UMCG_WAIT_ENQUEUE, 0), 0);
	expect_eq(me->server_tid, boss.tid);
	return 0;
}

START_TEST(homes)
{
	struct worker w = { .run = move_about };
	struct umcg_list list = { 0, 0 };
	__u32 home;
	int i;

	begin();
	worker_hire(&boss, &w);
	for (i = 0; i < 4; i++) {
		home = i == 0 ? 0 : boss.slot;
		ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
		ck_assert_int_eq(umcg_list_take(group, boss.slot - home, &list),
				 0);
		ck_assert_int_eq(umcg_list_take(group, home, &list), 1);
		ck_assert_uint_eq(umcg_list_pop(group, &list, NULL),
				  w.args.slot);
	}
	server_finish(&boss, &w);
}
END_TEST

/* WAIT fails so, changes nothing, and the worker runs on. */
static void refused(struct worker *w, __u32 next_tid, __u32 flags,
		    __u64 timeout, int error)
{
	struct umcg_task *me = worker_slot(w);

	expect_eq(wait_as(w, next_tid, flags, timeout), error);
	expect_eq(me->next_tid, next_tid);
	expect_eq(me->state, UMCG_TASK_RUNNING);
	expect_eq(me->events, 0);
}

static long try_errors(struct worker *w)
{
	struct umcg_wait wait = { .flags = UMCG_WAIT_ENQUEUE, .pad = 1 };
	int fd = umcg_fd(group), bit;

	refused(w, w->tid, 0, 0, -EINVAL);
	refused(w, boss.tid, 0, 0, -EINVAL);
	refused(w, w->tid | UMCG_TID_RUNNING, 0, 0, -EINVAL);
	refused(w, UMCG_TID_RUNNING, 0, 0, -EINVAL);
	refused(w, 0, UMCG_WAIT_ENQUEUE, now() + SEC, -EINVAL);
	for (bit = 1; bit < 32; bit++)
		refused(w, 0, 1U << bit, 0, -EINVAL);
	expect_eq(raw_ioctl(fd, UMCG_IOC_WAIT, &wait), -EINVAL);
	expect_eq(raw_ioctl(fd, UMCG_IOC_WAIT, (void *)8L), -EFAULT);
	if (!has_features(group, UMCG_FEAT_WORKER_TIMEOUT))
		refused(w, 0, 0, now() + SEC, -EINVAL);
	if (has_features(group, UMCG_FEAT_HANDOFF))
		refused(w, 0x3fffffff, 0, 0, -ESRCH);
	else
		refused(w, *(pid_t *)w->arg, 0, 0, -EINVAL);
	step_set(w, 1);
	return 0;
}

START_TEST(errors)
{
	struct worker other = { .run = park_thrice };
	struct worker w = { .run = try_errors, .arg = &other.tid };

	begin();
	worker_hire(&boss, &other);
	worker_hire(&boss, &w);
	server_finish(&boss, &w);
	ck_assert_uint_eq(step_get(&w), 1);
	ck_assert_uint_eq(step_get(&other), 0);
	server_expect_none(&boss);
}
END_TEST

static long leave(struct worker *w)
{
	step_set(w, 1);
	expect_eq(umcg_unregister(group), 0);
	/* a plain thread now: this is nobody's turn */
	expect_eq(umcg_unregister(group), -EPERM);
	expect_eq(wait_as(w, 0, 0, 0), -EPERM);
	while (!__atomic_load_n((int *)w->arg, __ATOMIC_SEQ_CST))
		cpu_relax();
	step_set(w, 2);
	return 0;
}

START_TEST(unregistering)
{
	int stop = 0;
	struct worker w = { .run = leave, .arg = &stop };

	begin();
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_EXIT);
	ck_assert_uint_eq(step_get(&w), 1);
	ck_assert_uint_eq(UMCG_STATE(worker_state(&w)), UMCG_TASK_NONE);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(w.thread, NULL);
	ck_assert_uint_eq(step_get(&w), 2);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 1), -ETIMEDOUT);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("wait_worker");

	ADD(s, parking, 20);
	ADD(s, queueing_itself, 20);
	ADD(s, homes, 20);
	ADD(s, errors, 20);
	ADD(s, unregistering, 20);
	return s;
}
