// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker's first instruction comes after its switch.
 *
 * The server takes a number of one sequence just before each switch, the worker
 * as its first act after it: the numbers tell who came first, whatever the
 * clocks say. It is so however the kernel preempts itself.
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "preempt.h"
#include "proc.h"
#include "suite.h"

#define CROWD	24
#define ROUNDS	200

static struct umcg_group *group;
static struct server boss;
static unsigned long sequence;

static unsigned long take_number(void)
{
	return __atomic_add_fetch(&sequence, 1, __ATOMIC_SEQ_CST);
}

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

struct numbered {
	struct worker worker;
	int pipes[2];
	int rounds;
	unsigned long switched; /* the server's number */
	unsigned long ran; /* the worker's own */
};

static struct numbered *of(struct worker *w)
{
	return (struct numbered *)w->arg;
}

static void ran(struct numbered *n)
{
	__atomic_store_n(&n->ran, take_number(), __ATOMIC_SEQ_CST);
}

static long read_and_number(struct worker *w)
{
	struct numbered *n = of(w);
	char byte;

	ran(n);
	while (n->rounds--) {
		expect_eq(read(n->pipes[0], &byte, 1), 1);
		ran(n);
	}
	return 0;
}

static void number_start(struct numbered *n, int rounds)
{
	n->worker.run = read_and_number;
	n->worker.arg = n;
	n->rounds = rounds;
	expect_sys(pipe(n->pipes));
	worker_hire(&boss, &n->worker);
}

/* Switch to it; it must have run, and only now. */
static __u32 number_run(struct numbered *n)
{
	unsigned long before = n->switched;
	__u32 why;

	if (before)
		expect(n->ran > before);
	else
		expect_eq(n->ran, 0);
	before = n->ran;
	n->switched = take_number();
	expect_eq(__atomic_load_n(&n->ran, __ATOMIC_SEQ_CST), before);
	why = server_run(&boss, &n->worker);
	expect(n->ran > n->switched);
	return why;
}

START_TEST(the_very_first)
{
	struct numbered n = { .rounds = 0 };

	begin();
	number_start(&n, 0);
	/* all the time in the world to run too early */
	sleep_ns(20 * MSEC);
	ck_assert_uint_eq(n.ran, 0);
	ck_assert_int_eq(number_run(&n), UMCG_CUR_EXIT);
}
END_TEST

START_TEST(after_every_block)
{
	struct numbered n = { .rounds = 0 };
	__u64 end = now() + 3 * SEC;
	int i;

	begin();
	number_start(&n, ROUNDS);
	ck_assert_int_eq(number_run(&n), UMCG_CUR_BLOCK);
	for (i = 0; i < ROUNDS && now() < end; i++) {
		expect_eq(write(n.pipes[1], "x", 1), 1);
		server_expect(&boss, &n.worker, UMCG_EV_WAKE);
		number_run(&n);
	}
	note("%d blocks, each followed by a switch, each by an instruction", i);
}
END_TEST

/* A crowd that wakes at once runs in the order of the switches, not its own. */
START_TEST(in_the_order_of_the_switches)
{
	static struct numbered crowd[CROWD];
	unsigned long last;
	__u32 events;
	int i;

	begin();
	for (i = 0; i < CROWD; i++) {
		number_start(&crowd[i], 1);
		ck_assert_int_eq(number_run(&crowd[i]), UMCG_CUR_BLOCK);
	}
	for (i = 0; i < CROWD; i++)
		expect_eq(write(crowd[i].pipes[1], "x", 1), 1);
	for (i = 0; i < CROWD; i++) {
		expect(server_next(&boss, &events));
		ck_assert_uint_eq(events, UMCG_EV_QUEUED | UMCG_EV_WAKE);
	}
	last = take_number();
	for (i = 0; i < CROWD; i++)
		ck_assert_uint_lt(crowd[i].ran, last);
	for (i = CROWD - 1; i >= 0; i--) {
		ck_assert_int_eq(number_run(&crowd[i]), UMCG_CUR_EXIT);
		ck_assert_uint_gt(crowd[i].ran, last);
		last = crowd[i].ran;
	}
}
END_TEST

/* Held is asleep: no processor time, no switches, however long it takes. */
START_TEST(holding_costs_nothing)
{
	struct numbered n = { .rounds = 0 };
	struct proc_switches before, after;
	pid_t tid;
	__u64 cpu;

	begin();
	number_start(&n, 1);
	ck_assert_int_eq(number_run(&n), UMCG_CUR_BLOCK);
	expect_eq(write(n.pipes[1], "x", 1), 1);
	server_expect(&boss, &n.worker, UMCG_EV_WAKE);
	tid = n.worker.tid;
	before = proc_settled(tid);
	cpu = proc_cpu_ns(tid);
	sleep_ns(300 * MSEC);
	after = proc_switches(tid);
	ck_assert_uint_eq(after.voluntary, before.voluntary);
	ck_assert_uint_eq(after.involuntary, before.involuntary);
	ck_assert_uint_eq(proc_cpu_ns(tid), cpu);
	ck_assert_int_eq(number_run(&n), UMCG_CUR_EXIT);
}
END_TEST

/* A server in user code, however busy, is no turn for anybody. */
START_TEST(a_busy_server_is_no_turn)
{
	struct numbered n = { .rounds = 0 };
	unsigned long ran_before;
	__u64 end;

	begin();
	number_start(&n, 1);
	ck_assert_int_eq(number_run(&n), UMCG_CUR_BLOCK);
	ran_before = n.ran;
	expect_eq(write(n.pipes[1], "x", 1), 1);
	wait_for(UMCG_STATE(worker_state(&n.worker)) == UMCG_TASK_RUNNABLE);
	for (end = now() + 50 * MSEC; now() < end; cpu_relax())
		expect_eq(__atomic_load_n(&n.ran, __ATOMIC_SEQ_CST),
			  ran_before);
	server_expect(&boss, &n.worker, UMCG_EV_WAKE);
	ck_assert_int_eq(number_run(&n), UMCG_CUR_EXIT);
}
END_TEST

static unsigned int modes; /* how many of them had their turn */

static void next_mode(void)
{
	const char *mode = preempt_mode(modes++);

	if (!mode)
		return;
	preempt_use(mode);
	note("preempt=%s", mode);
}

Suite *make_suite(void)
{
	Suite *s = suite_create("hold");
	unsigned int i = 0;
	TCase *t;

	do {
		t = tcase_create("in_a_mode");
		tcase_set_timeout(t, 30);
		tcase_add_unchecked_fixture(t, next_mode, preempt_restore);
		tcase_add_test(t, the_very_first);
		tcase_add_test(t, after_every_block);
		tcase_add_test(t, in_the_order_of_the_switches);
		tcase_add_test(t, holding_costs_nothing);
		tcase_add_test(t, a_busy_server_is_no_turn);
		suite_add_tcase(s, t);
	} while (preempt_mode(++i));
	return s;
}
