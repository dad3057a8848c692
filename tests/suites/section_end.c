// SPDX-License-Identifier: GPL-2.0-only
/* No-preempt sections that do not end well: held too long, slept in, died in. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "suite.h"

#define SLICE		(5 * MSEC)
#define RACE_SECONDS	2
#define TRIES		20

static struct umcg_group *group;
static struct server boss;
static int ends[2], stop;

static void begin(__u64 slice)
{
	expect_sys(pipe(ends));
	group = open_group();
	server_start_as(&boss, group, 0, slice);
}

static __u32 section_of(const struct worker *w)
{
	return __atomic_load_n(&worker_slot(w)->section, __ATOMIC_SEQ_CST);
}

/*
 * Steps: 1 inside, 2 the first slice is over and it runs on. Between two instructions
 * the host may stop the guest for longer than a slice, or than two, and that is the
 * worker's time: so any of these may be missing.
 */
static long hold_on(struct worker *w)
{
	umcg_section_begin(worker_slot(w));
	step_set(w, 1);
	while (section_of(w) == UMCG_SECTION_NOPREEMPT)
		cpu_relax();
	if (section_of(w))
		step_set(w, 2);
	while (section_of(w))
		cpu_relax();
	step_set(w, 3);
	return umcg_section_end(group, worker_slot(w));
}

/* A section that outlasts two slices. Return: was it seen to outlast the first? */
static bool outlasts_one(void)
{
	struct worker w = { .run = hold_on, .result = 0x5a5a };
	unsigned int step;
	__u64 begun;

	worker_hire(&boss, &w);
	begun = now();
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_PREEMPT);
	step = step_get(&w);
	/* one slice alone ends nothing but what is outside */
	ck_assert_uint_ge(now() - begun, step ? 2 * SLICE : SLICE);
	ck_assert_uint_eq(section_of(&w), 0);
	server_expect(&boss, &w, UMCG_EV_PREEMPT);
	server_run_out(&boss, &w);
	ck_assert_uint_eq(step_get(&w), 3);
	ck_assert_int_eq(w.result, 0);
	return step == 2;
}

/* The first slice is owed, the second is taken. */
START_TEST(the_second_slice_preempts)
{
	unsigned int tries = 0;

	begin(SLICE);
	while (!outlasts_one())
		ck_assert_uint_lt(++tries, TRIES);
	if (tries)
		note("%u times there was no time to see it", tries);
}
END_TEST

/* In one section after the other: as soon as one is taken from it. */
static long never_out(struct worker *w)
{
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		if (!section_of(w))
			umcg_section_begin(worker_slot(w));
		step_set(w, step_get(w) + 1);
		cpu_relax();
	}
	return 0;
}

static long take_turns(struct worker *w)
{
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		step_set(w, step_get(w) + 1);
		worker_park(w);
	}
	return 0;
}

/* Whoever holds on for ever does not keep the others from their turns. */
START_TEST(held_for_ever)
{
	struct worker holder = { .run = never_out };
	struct worker other = { .run = take_turns,
				.args = { .slice_ns = 20 * SEC } };
	unsigned int i, before, tries = 0;

	begin(SLICE);
	worker_hire(&boss, &holder);
	worker_hire(&boss, &other);
	for (i = 1; i <= 10; i++) {
		before = step_get(&holder);
		/* the host may have had its time */
		do {
			ck_assert_uint_lt(tries++, 10 + TRIES);
			ck_assert_int_eq(server_run(&boss, &holder),
					 UMCG_CUR_PREEMPT);
			server_expect(&boss, &holder, UMCG_EV_PREEMPT);
		} while (step_get(&holder) == before);
		ck_assert_int_eq(server_run(&boss, &other), UMCG_CUR_WAIT);
		ck_assert_uint_eq(step_get(&other), i);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	server_run_out(&boss, &holder);
	server_run_out(&boss, &other);
}
END_TEST

static long sleep_inside(struct worker *w)
{
	char byte;

	umcg_section_begin(worker_slot(w));
	step_set(w, 1);
	expect_eq(read(ends[0], &byte, 1), 1);
	return umcg_section_end(group, worker_slot(w));
}

/* Return: has it been asleep in its section, or was it preempted before that? */
static bool is_blocked_in_one(void)
{
	struct worker w = { .run = sleep_inside };
	bool preempted = false;
	__u64 begun;
	__u32 why;

	worker_hire(&boss, &w);
	begun = now();
	while ((why = server_run(&boss, &w)) == UMCG_CUR_PREEMPT) {
		server_expect(&boss, &w, UMCG_EV_PREEMPT);
		preempted = true;
	}
	ck_assert_int_eq(why, UMCG_CUR_BLOCK);
	note("asleep in a section, and blocked after %llu ms",
	     (now() - begun) / MSEC);
	ck_assert_uint_lt(now() - begun, 5 * SEC);
	expect_eq(write(ends[1], "x", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_run_out(&boss, &w);
	return !preempted;
}

/*
 * It has used next to no time, but it is not for want of a processor. If the host stops
 * the guest before it sleeps, its slice may be over by then: that is no sleeper.
 */
START_TEST(slept_in_for_ever)
{
	unsigned int tries = 0;

	begin(SLICE);
	while (!is_blocked_in_one())
		ck_assert_uint_lt(++tries, TRIES);
}
END_TEST

static long exit_inside(struct worker *w)
{
	umcg_section_begin(worker_slot(w));
	step_set(w, 1);
	return 0;
}

static long unregister_inside(struct worker *w)
{
	umcg_section_begin(worker_slot(w));
	expect_eq(umcg_unregister(group), 0);
	step_set(w, 1);
	return 0;
}

START_TEST(left_in_one)
{
	struct worker w[2] = { { .run = exit_inside },
			       { .run = unregister_inside } };
	int i;

	begin(0);
	for (i = 0; i < 2; i++) {
		worker_hire(&boss, &w[i]);
		server_finish(&boss, &w[i]);
		ck_assert_uint_eq(step_get(&w[i]), 1);
	}
	server_expect_none(&boss);
}
END_TEST

static void child_with_a_holder(int ready)
{
	struct worker w = { .run = never_out };

	begin(0);
	worker_hire(&boss, &w);
	server_leave_running(&boss, &w);
	wait_for(step_get(&w));
	expect_eq(write(ready, "x", 1), 1);
	server_wait(&boss, &w);
	_exit(1);
}

START_TEST(killed_in_one)
{
	int ready[2], status = 0x5a5a;
	pid_t child;
	char byte;

	expect_sys(pipe(ready));
	child = fork();
	if (!child)
		child_with_a_holder(ready[1]);
	expect_eq(read(ready[0], &byte, 1), 1);
	expect_sys(kill(child, SIGKILL));
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

/* Steps count the rounds; what it came to is for the server to see. */
static long read_in_sections(struct worker *w)
{
	unsigned long owed = 0;
	__u64 until;
	char byte;

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		umcg_section_begin(worker_slot(w));
		step_set(w, step_get(w) + 1);
		expect_eq(read(ends[0], &byte, 1), 1);
		/* awake by itself or by a switch: it has the turn in any case */
		for (until = now() + 50 * USEC; now() < until; cpu_relax())
			expect_eq(worker_state(w), UMCG_TASK_RUNNING);
		owed += umcg_section_end(group, worker_slot(w));
	}
	return owed;
}

static unsigned long missed, rounds;

/* Each byte and each kick is for one sleep. */
static void *kick_and_write(void *arg)
{
	__u64 end = now() + RACE_SECONDS * SEC;
	struct worker *w = arg;
	__u64 delay = 100 * USEC, begun;

	prctl(PR_SET_TIMERSLACK, 1);
	while (now() < end) {
		while (step_get(w) == rounds)
			cpu_relax();
		rounds++;
		begun = now();
		expect_eq(write(ends[1], "x", 1), 1);
		sleep_until(begun + delay);
		if (umcg_kick(group, w->tid, 0) == -EAGAIN)
			missed++;
		/* close to the moment of its waking up, from both sides */
		if (step_get(w) == rounds)
			delay += delay / 8;
		else if (delay > 10 * USEC)
			delay -= delay / 8;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	expect_eq(write(ends[1], "x", 1), 1);
	return NULL;
}

/* A kick that meets a wake-up: blocked or owed, never let go without a turn. */
START_TEST(a_kick_against_a_wake)
{
	struct worker w = { .run = read_in_sections };
	unsigned long blocked = 0, yielded = 0;
	pthread_t thread;
	__u32 why, events;

	begin(0);
	worker_hire(&boss, &w);
	expect(!pthread_create(&thread, NULL, kick_and_write, &w));
	while ((why = server_run(&boss, &w)) != UMCG_CUR_EXIT) {
		blocked += why == UMCG_CUR_BLOCK;
		yielded += why == UMCG_CUR_WAIT;
		expect(server_next(&boss, &events) == &w);
	}
	pthread_join(thread, NULL);
	pthread_join(w.thread, NULL);
	note("%lu kicks: %lu made a block, %lu were owed, %lu too late",
	     rounds, blocked, yielded, missed);
	ck_assert_uint_eq(yielded, w.result);
	ck_assert_uint_gt(blocked, 0);
	ck_assert_uint_gt(yielded, 0);
	ck_assert_uint_eq(step_get(&w), rounds + (step_get(&w) > rounds));
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("section_end");

	ADD(s, the_second_slice_preempts, 30);
	ADD(s, held_for_ever, 30);
	ADD(s, slept_in_for_ever, 30);
	ADD(s, left_in_one, 20);
	ADD(s, killed_in_one, 20);
	ADD(s, a_kick_against_a_wake, 30);
	return s;
}
