// SPDX-License-Identifier: GPL-2.0-only
/* Whom a worker cannot hand over to, and that nothing has changed then. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "reader.h"
#include "suite.h"
#include "tracer.h"

static struct umcg_group *group;
static struct server boss;
static int stop;

/* Tries once to hand over to that tid; what it came to is in result. */
static struct trier {
	struct worker worker;
	__u32 tid, flags;
} trier;

static long try_and_park(struct worker *w)
{
	struct umcg_task *me = worker_slot(w);

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		w->result = umcg_run(group, me, trier.tid, trier.flags, 0);
		if (w->result) {
			expect_eq(me->next_tid, trier.tid);
			expect_eq(me->state, UMCG_TASK_RUNNING);
			expect_eq(me->events, 0);
			expect_eq(me->cur, boss.slot);
			expect_eq(umcg_next_tid(boss.self),
				  w->tid | UMCG_TID_RUNNING);
		}
		step_set(w, step_get(w) + 1);
		worker_park(w);
	}
	return 0;
}

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
	trier.worker.run = try_and_park;
	worker_hire(&boss, &trier.worker);
}

/* Parked or queued, it must fail, and the caller runs on. */
static void refused(__u32 tid, int error)
{
	struct worker *w = &trier.worker;
	unsigned int step;

	trier.tid = tid;
	for (trier.flags = 0; trier.flags <= UMCG_WAIT_ENQUEUE;
	     trier.flags += UMCG_WAIT_ENQUEUE) {
		w->result = 0x5a5a;
		step = step_get(w);
		ck_assert_int_eq(server_run(&boss, w), UMCG_CUR_WAIT);
		ck_assert_int_eq(w->result, error);
		ck_assert_uint_eq(step_get(w), step + 1);
		ck_assert_uint_eq(worker_state(w),
				  UMCG_TASK_RUNNABLE | UMCG_TF_PARKED);
	}
}

START_TEST(no_such_task)
{
	begin();
	refused(0x3fffffff, -ESRCH);
	refused(1, -ESRCH);
	refused(UMCG_TID_RUNNING, -EINVAL);
	refused(trier.worker.tid | UMCG_TID_RUNNING, -EINVAL);
}
END_TEST

static long park(struct worker *w)
{
	step_set(w, step_get(w) + 1);
	worker_park(w);
	return 0;
}

START_TEST(itself_or_a_server)
{
	begin();
	refused(trier.worker.tid, -EINVAL);
	refused(boss.tid, -EINVAL);
}
END_TEST

START_TEST(a_dead_one)
{
	struct worker w = { .run = park };

	begin();
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	server_finish(&boss, &w);
	refused(w.tid, -ESRCH);
}
END_TEST

START_TEST(a_blocked_one)
{
	static struct reader r;

	begin();
	reader_start(&r, &boss);
	refused(r.worker.tid, -EAGAIN);
	ck_assert_uint_eq(UMCG_STATE(worker_state(&r.worker)),
			  UMCG_TASK_BLOCKED);
	ck_assert_uint_eq(step_get(&r.worker), 0);
	reader_finish(&r, &boss);
}
END_TEST

START_TEST(a_queued_one)
{
	struct worker w = { .run = park };

	begin();
	worker_start(&w, group, boss.tid);
	wait_for(umcg_list_take(group, boss.slot, &boss.list));
	refused(w.tid, -EAGAIN);
	ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNABLE);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	/* taken and popped it can be run */
	trier.flags = 0;
	trier.worker.result = 0x5a5a;
	ck_assert_int_eq(server_switch(&boss, &trier.worker, 0), 0);
	ck_assert_uint_eq(umcg_cur(boss.self), w.args.slot | UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&w), 1);
}
END_TEST

static struct server other;
static struct worker busy = { .run = worker_spin, .arg = &stop };

static void *run_it(void *arg)
{
	(void)arg;
	server_start(&other, group);
	worker_hire(&other, &busy);
	server_run_out(&other, &busy);
	return NULL;
}

START_TEST(one_that_runs)
{
	pthread_t thread;

	begin();
	expect(!pthread_create(&thread, NULL, run_it, NULL));
	wait_for(step_get(&busy));
	refused(busy.tid, -EAGAIN);
	ck_assert_uint_eq(worker_state(&busy), UMCG_TASK_RUNNING);
	ck_assert_uint_eq(worker_slot(&busy)->cur, other.slot);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
}
END_TEST

static struct umcg_group *other_group;

static void *run_elsewhere(void *arg)
{
	struct worker *w = arg;

	server_start(&other, other_group);
	worker_hire(&other, w);
	expect_eq(server_run(&other, w), UMCG_CUR_WAIT);
	wait_for(__atomic_load_n(&stop, __ATOMIC_SEQ_CST));
	server_finish(&other, w);
	return NULL;
}

START_TEST(one_of_another_group)
{
	struct worker w = { .run = park };
	pthread_t thread;

	begin();
	other_group = open_group();
	expect(!pthread_create(&thread, NULL, run_elsewhere, &w));
	wait_for(step_get(&w));
	refused(w.tid, -ESRCH);
	refused(other.tid, -ESRCH);
	ck_assert_uint_eq(step_get(&w), 1);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
}
END_TEST

static void *do_nothing(void *arg)
{
	*(pid_t *)arg = gettid();
	wait_for(__atomic_load_n(&stop, __ATOMIC_SEQ_CST));
	return NULL;
}

START_TEST(a_plain_thread)
{
	pthread_t thread;
	pid_t tid = 0;

	begin();
	expect(!pthread_create(&thread, NULL, do_nothing, &tid));
	wait_for(__atomic_load_n(&tid, __ATOMIC_SEQ_CST));
	refused(tid, -ESRCH);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
}
END_TEST

/* Parked, and stopped by a debugger: it could not tell that it does not run. */
START_TEST(one_that_is_away)
{
	struct worker w = { .run = park };
	struct tracer tracer;

	tracer_start(&tracer);
	begin();
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	if (!tracer_stop(&tracer, w.tid))
		skip("nobody may be traced here");
	ck_assert_int_eq(proc_state(w.tid), 't');
	ck_assert_uint_eq(worker_state(&w),
			  UMCG_TASK_RUNNABLE | UMCG_TF_PARKED);
	refused(w.tid, -EAGAIN);
	ck_assert_uint_eq(worker_state(&w), UMCG_TASK_BLOCKED);
	server_expect_none(&boss);
	tracer_detach(&tracer);
	/* it comes back as everybody does who was blocked */
	server_expect(&boss, &w, UMCG_EV_WAKE);
	ck_assert_uint_eq(step_get(&w), 1);
	server_finish(&boss, &w);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("handoff_errors");

	ADD(s, no_such_task, 20);
	ADD(s, itself_or_a_server, 20);
	ADD(s, a_dead_one, 20);
	ADD(s, a_blocked_one, 20);
	ADD(s, a_queued_one, 20);
	ADD(s, one_that_runs, 20);
	ADD(s, one_of_another_group, 20);
	ADD(s, a_plain_thread, 20);
	ADD(s, one_that_is_away, 20);
	return s;
}
