// SPDX-License-Identifier: GPL-2.0-only
/* No-preempt sections: what is owed in one, what ends one. */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "suite.h"

#define BLOCKS	10

static struct umcg_group *group;
static struct server boss;
static int ends[2], stop;

static void begin(void)
{
	expect_sys(pipe(ends));
	group = open_group();
	server_start(&boss, group);
}

static __u32 section_of(const struct worker *w)
{
	return __atomic_load_n(&worker_slot(w)->section, __ATOMIC_SEQ_CST);
}

static long read_inside(struct worker *w)
{
	unsigned int i;
	char byte;

	umcg_section_begin(worker_slot(w));
	for (i = 1; i <= BLOCKS; i++) {
		step_set(w, i);
		expect_eq(read(ends[0], &byte, 1), 1);
		expect_eq(worker_state(w), UMCG_TASK_RUNNING);
		expect_eq(section_of(w), UMCG_SECTION_NOPREEMPT);
	}
	return umcg_section_end(group, worker_slot(w));
}

static void *write_when_asleep(void *arg)
{
	struct worker *w = arg;
	unsigned int i;

	for (i = 1; i <= BLOCKS; i++) {
		wait_for(step_get(w) == i && proc_state(w->tid) == 'S');
		expect_eq(worker_state(w), UMCG_TASK_RUNNING);
		expect_eq(umcg_cur(boss.self), w->args.slot | UMCG_CUR_RUNNING);
		expect_eq(write(ends[1], "x", 1), 1);
	}
	return NULL;
}

/* Ten sleeps, and its server is not woken once: it sleeps through all of them. */
START_TEST(blocking_is_not_reported)
{
	struct worker w = { .run = read_inside, .result = 0x5a5a };
	unsigned long switches;
	pthread_t thread;

	begin();
	worker_hire(&boss, &w);
	expect(!pthread_create(&thread, NULL, write_when_asleep, &w));
	switches = own_switches();
	ck_assert_int_eq(server_switch(&boss, &w, 0), 0);
	ck_assert_uint_le(own_switches() - switches, 2);
	ck_assert_uint_eq(umcg_cur(boss.self), w.args.slot | UMCG_CUR_EXIT);
	pthread_join(thread, NULL);
	pthread_join(w.thread, NULL);
	ck_assert_int_eq(w.result, 0);
	server_expect_none(&boss);
}
END_TEST

static bool kicked; /* as often as it will be */

/* Runs on when it is kicked, and yields at the end of the section. */
static long run_on(struct worker *w)
{
	unsigned int more = 1000;

	umcg_section_begin(worker_slot(w));
	for (step_set(w, 1); more; cpu_relax())
		if (__atomic_load_n(&kicked, __ATOMIC_SEQ_CST) &&
		    section_of(w) & UMCG_SECTION_OWED)
			more--;
	expect_eq(section_of(w), UMCG_SECTION_NOPREEMPT | UMCG_SECTION_OWED);
	expect_eq(worker_state(w), UMCG_TASK_RUNNING);
	step_set(w, 2);
	w->result = umcg_section_end(group, worker_slot(w));
	/* the next one owes nothing */
	umcg_section_begin(worker_slot(w));
	expect_eq(umcg_section_end(group, worker_slot(w)), 0);
	expect_eq(umcg_section_end(group, worker_slot(w)), 0);
	return w->result;
}

static __u32 how_to_kick;

static void *kick_it(void *arg)
{
	struct worker *w = arg;
	__u32 tid = how_to_kick ? boss.tid : w->tid;

	wait_for(step_get(w));
	expect_eq(umcg_kick(group, tid, how_to_kick), 0);
	/*
	 * Once more is no more than once. It may be asleep, with its debts paid; but no
	 * kick is to come between a section and the yield at its end, for that preempts.
	 */
	umcg_kick(group, tid, how_to_kick);
	__atomic_store_n(&kicked, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static void owed_and_paid(__u32 flags)
{
	struct worker w = { .run = run_on, .result = 0x5a5a };
	pthread_t thread;

	begin();
	how_to_kick = flags;
	worker_hire(&boss, &w);
	expect(!pthread_create(&thread, NULL, kick_it, &w));
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(step_get(&w), 2);
	ck_assert_uint_eq(section_of(&w), 0);
	server_expect(&boss, &w, UMCG_EV_WAIT);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, 1);
	server_expect_none(&boss);
}

START_TEST(a_kick_is_owed)
{
	owed_and_paid(_i ? UMCG_KICK_CURRENT : 0);
}
END_TEST

static long wait_inside(struct worker *w)
{
	struct umcg_task *me = worker_slot(w);
	struct worker *other = w->arg;

	/* what does not stop the worker does not end it */
	umcg_section_begin(me);
	expect_eq(umcg_run(group, me, w->tid, 0, 0), -EINVAL);
	expect_eq(umcg_run(group, me, 0x3fffffff, 0, 0), -ESRCH);
	expect_eq(umcg_run(group, me, 0, UMCG_WAIT_ENQUEUE, 1), -EINVAL);
	expect_eq(umcg_run(group, me, 0, 0, 1), -ETIMEDOUT);
	expect_eq(umcg_wake(group, w->tid), 1);
	expect_eq(umcg_run(group, me, 0, 0, 0), 0);
	expect_eq(section_of(w), UMCG_SECTION_NOPREEMPT);
	/* a park, a yield and a handoff do */
	step_set(w, 1);
	expect_eq(umcg_run(group, me, 0, 0, 0), 0);
	expect_eq(section_of(w), 0);
	umcg_section_begin(me);
	step_set(w, 2);
	expect_eq(umcg_run(group, me, 0, UMCG_WAIT_ENQUEUE, 0), 0);
	expect_eq(section_of(w), 0);
	umcg_section_begin(me);
	step_set(w, 3);
	expect_eq(umcg_run(group, me, other->tid, 0, 0), 0);
	expect_eq(umcg_section_end(group, me), 0);
	step_set(w, 4);
	return worker_spin(other);
}

static void *kick_in_step_4(void *arg)
{
	struct worker *w = arg;

	wait_for(step_get(w) == 4);
	expect_eq(umcg_kick(group, w->tid, 0), 0);
	return NULL;
}

START_TEST(a_wait_ends_it)
{
	struct worker other = { .run = worker_spin, .arg = &stop };
	struct worker w = { .run = wait_inside, .arg = &other };
	pthread_t thread;

	begin();
	worker_hire(&boss, &w);
	worker_hire(&boss, &other);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&w), 1);
	ck_assert_uint_eq(section_of(&w), 0);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_uint_eq(section_of(&w), 0);
	server_expect(&boss, &w, UMCG_EV_WAIT);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_switch(&boss, &w, 0), 0);
	ck_assert_uint_eq(umcg_cur(boss.self), other.args.slot | UMCG_CUR_EXIT);
	ck_assert_uint_eq(section_of(&w), 0);
	__atomic_store_n(&stop, 0, __ATOMIC_SEQ_CST);
	/* an ordinary worker again: it is preempted */
	expect(!pthread_create(&thread, NULL, kick_in_step_4, &w));
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_PREEMPT);
	server_expect(&boss, &w, UMCG_EV_PREEMPT);
	pthread_join(thread, NULL);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	server_finish(&boss, &w);
}
END_TEST

static long poll_inside(struct worker *w)
{
	struct pollfd p = { .fd = ends[0], .events = POLLIN };

	umcg_section_begin(worker_slot(w));
	step_set(w, 1);
	/* not glibc's, which may have a newer call to do it with */
	expect_eq(syscall(SYS_ppoll, &p, 1, NULL, NULL, 0), 1);
	step_set(w, 2);
	expect_eq(section_of(w), UMCG_SECTION_NOPREEMPT);
	return umcg_section_end(group, worker_slot(w));
}

static void *kick_when_asleep(void *arg)
{
	struct worker *w = arg;

	/* 'S' it is before it has left its processor: it would owe both of them */
	wait_for(step_get(w) == 1 && proc_sleeps_in(w->tid) == SYS_ppoll);
	expect_eq(umcg_kick(group, w->tid, 0), 0);
	expect_eq(umcg_kick(group, w->tid, 0), -EAGAIN);
	return NULL;
}

/* A kick that finds it asleep takes it for what it is. */
START_TEST(a_sleeper_that_is_kicked_is_blocked)
{
	struct worker w = { .run = poll_inside, .result = 0x5a5a,
			    .args = { .flags = UMCG_REG_TIMESTAMPS } };
	__u64 begun = now();
	pthread_t thread;

	begin();
	worker_hire(&boss, &w);
	expect(!pthread_create(&thread, NULL, kick_when_asleep, &w));
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(worker_state(&w), UMCG_TASK_BLOCKED);
	ck_assert_uint_eq(worker_blocked_in(&w), SYS_ppoll);
	ck_assert_uint_gt(worker_slot(&w)->blocked_ts, begun);
	ck_assert_uint_le(worker_slot(&w)->blocked_ts, now());
	server_expect_none(&boss);
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	ck_assert_uint_eq(step_get(&w), 1);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, 0);
}
END_TEST

static long sleep_with_debts(struct worker *w)
{
	char byte;

	umcg_section_begin(worker_slot(w));
	step_set(w, 1);
	while (!(section_of(w) & UMCG_SECTION_OWED))
		cpu_relax();
	expect_eq(read(ends[0], &byte, 1), 1);
	expect_eq(section_of(w), UMCG_SECTION_NOPREEMPT);
	return umcg_section_end(group, worker_slot(w));
}

/* The same the other way round: a debt is paid by the first sleep. */
START_TEST(kicked_first_and_asleep_then)
{
	struct worker w = { .run = sleep_with_debts, .result = 0x5a5a };
	pthread_t thread;

	begin();
	worker_hire(&boss, &w);
	expect(!pthread_create(&thread, NULL, kick_it, &w));
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	pthread_join(thread, NULL);
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("section");

	ADD(s, blocking_is_not_reported, 20);
	ADD_LOOP(s, a_kick_is_owed, 20, 2);
	ADD(s, a_wait_ends_it, 20);
	ADD(s, a_sleeper_that_is_kicked_is_blocked, 20);
	ADD(s, kicked_first_and_asleep_then, 20);
	return s;
}
