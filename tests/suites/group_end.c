// SPDX-License-Identifier: GPL-2.0-only
/* What ends a group, what does not, and what becomes of its threads. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "preempt.h"
#include "proc.h"
#include "suite.h"
#include "tracer.h"

static struct umcg_group *group;
static struct server boss;

/* A worker that says what its calls returned. */
struct witness {
	pthread_t thread;
	struct umcg_register args;
	pid_t tid;
	int registered; /* REGISTER's result */
	int waited; /* WAIT's */
	bool wait;
	int stage; /* 1: came back from REGISTER, 2: from WAIT, 3: the end */
};

#define NOT_YET		12345

static void stage_set(struct witness *w, int stage)
{
	__atomic_store_n(&w->stage, stage, __ATOMIC_SEQ_CST);
}

static int stage_of(struct witness *w)
{
	return __atomic_load_n(&w->stage, __ATOMIC_SEQ_CST);
}

static void *witness_main(void *arg)
{
	struct witness *w = arg;

	w->tid = gettid();
	w->args.flags = UMCG_REG_WORKER;
	w->args.clock = CLOCK_MONOTONIC;
	w->registered = umcg_register(group, &w->args);
	stage_set(w, 1);
	if (w->wait) {
		w->waited = umcg_run(group, umcg_slot(group, w->args.slot), 0,
				     0, 0);
		stage_set(w, 2);
	}
	stage_set(w, 3);
	return NULL;
}

static void witness_start(struct witness *w)
{
	w->registered = NOT_YET;
	w->waited = NOT_YET;
	expect(!pthread_create(&w->thread, NULL, witness_main, w));
	wait_for(w->args.slot &&
		 UMCG_STATE(umcg_state(umcg_slot(group, w->args.slot))) ==
			 UMCG_TASK_RUNNABLE);
}

static __u32 run_witness(struct witness *w)
{
	struct worker as_worker = { .tid = w->tid, .args = w->args };

	return server_run(&boss, &as_worker);
}

static void take(__u32 slot)
{
	struct umcg_list list = { 0, 0 };

	wait_for(umcg_list_take(group, 0, &list) == 1);
	expect_eq(umcg_list_pop(group, &list, NULL), slot);
}

/* It was a worker once, if never run, so REGISTER may well say 0. */
static void freed_from_register(struct witness *w)
{
	ck_assert(w->registered == 0 || w->registered == -ESHUTDOWN);
}

static void all_calls_say(int error)
{
	struct umcg_register r = { .flags = UMCG_REG_SERVER,
				   .clock = CLOCK_MONOTONIC };
	struct umcg_query q = { .size = sizeof(q) };
	int fd = umcg_fd(group);

	ck_assert_int_eq(umcg_register(group, &r), error);
	ck_assert_int_eq(umcg_wait(group, 0, 1), error);
	ck_assert_int_eq(umcg_wake(group, 0), error);
	ck_assert_int_eq(umcg_kick(group, gettid(), 0), error);
	ck_assert_int_eq(umcg_unregister(group), error);
	/* that it ended is no secret, nor is what it was */
	ck_assert_int_eq(raw_ioctl(fd, UMCG_IOC_QUERY, &q), 0);
}

/* One that never ran, and one that is parked. */
START_TEST(the_last_server_unregisters)
{
	static struct witness fresh, parked = { .wait = true };

	group = open_group();
	server_start(&boss, group);
	witness_start(&parked);
	take(parked.args.slot);
	ck_assert_int_eq(run_witness(&parked), UMCG_CUR_WAIT);
	witness_start(&fresh);
	ck_assert_int_eq(stage_of(&fresh), 0);
	ck_assert_int_eq(stage_of(&parked), 1);

	ck_assert_int_eq(umcg_unregister(group), 0);
	pthread_join(fresh.thread, NULL);
	pthread_join(parked.thread, NULL);
	freed_from_register(&fresh);
	ck_assert_int_eq(parked.registered, 0);
	ck_assert_int_eq(parked.waited, -ESHUTDOWN);
	ck_assert(umcg_slot(group, 0)->events & UMCG_EV_EXIT);
	all_calls_say(-ESHUTDOWN);
}
END_TEST

static void *serve_and_leave(void *arg)
{
	static struct server s;

	server_start(&s, group);
	wait_for(__atomic_load_n((int *)arg, __ATOMIC_SEQ_CST));
	return NULL;
}

START_TEST(the_last_server_exits)
{
	static struct witness fresh;
	pthread_t thread;
	int leave = 0;

	group = open_group();
	expect(!pthread_create(&thread, NULL, serve_and_leave, &leave));
	witness_start(&fresh);
	__atomic_store_n(&leave, 1, __ATOMIC_SEQ_CST);
	pthread_join(fresh.thread, NULL);
	pthread_join(thread, NULL);
	freed_from_register(&fresh);
	all_calls_say(-ESHUTDOWN);
}
END_TEST

static int ends[2];

static long read_pipe(struct worker *w)
{
	char byte;
	long n = read(ends[0], &byte, 1);

	step_set(w, 1);
	return n;
}

/* Blocked in a call: that call goes on as if nothing had been. */
START_TEST(a_blocked_worker_finishes_its_call)
{
	struct worker w = { .run = read_pipe };

	expect_sys(pipe(ends));
	group = open_group();
	server_start(&boss, group);
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	ck_assert_int_eq(umcg_unregister(group), 0);
	sleep_ns(10 * MSEC);
	ck_assert_uint_eq(step_get(&w), 0);
	expect_eq(write(ends[1], "x", 1), 1);
	pthread_join(w.thread, NULL);
	ck_assert_int_eq(w.result, 1);
}
END_TEST

/* Running: it runs on. */
START_TEST(a_running_worker_runs_on)
{
	int stop = 0;
	struct worker w = { .run = worker_spin, .arg = &stop };
	unsigned int before;

	group = open_group();
	server_start(&boss, group);
	worker_hire(&boss, &w);
	server_leave_running(&boss, &w);
	ck_assert_int_eq(umcg_unregister(group), 0);
	before = step_get(&w);
	wait_for(step_get(&w) > before);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(w.thread, NULL);
}
END_TEST

/* --- wherever they are when the last server leaves ----------------------- */

enum where { ON_LIST, TAKEN, PARKED, BLOCKED, RUNNING, TWO_RUNNING, AWAY, WHERES };

/* It unregisters, or exits, when all is as it should be, and it was told to. */
static struct last {
	enum where where;
	bool exits;
	struct server server;
	pthread_t thread;
	struct worker worker[2];
	int stage; /* 1: all is ready, 2: leave */
	bool no_debugger;
} last;

static struct tracer tracer;

static void last_is_at(int stage)
{
	__atomic_store_n(&last.stage, stage, __ATOMIC_SEQ_CST);
}

static bool has_ended(void)
{
	return __atomic_load_n(&umcg_slot(group, 0)->events, __ATOMIC_SEQ_CST) &
	       UMCG_EV_EXIT;
}

/* Nobody schedules it: it sleeps, and wakes, and may be what it likes. */
static void be_a_plain_thread(struct worker *w)
{
	struct server own;

	expect(has_ended());
	sleep_ns(MSEC);
	expect_eq(umcg_wait(w->group, 0, 0), -ESHUTDOWN);
	server_start(&own, open_group());
	expect_eq(umcg_run(own.group, own.self, 0, 0, 1), -ETIMEDOUT);
	expect_eq(umcg_unregister(own.group), 0);
	umcg_close(own.group);
	step_set(w, 2);
}

static long outlives_it(struct worker *w)
{
	char byte;

	/* what it touches is there when another one's stack is mapped */
	(void)has_ended();
	step_set(w, 1);
	switch (last.where) {
	case PARKED:
		expect_eq(umcg_run(w->group, worker_slot(w), 0, 0, 0),
			  -ESHUTDOWN);
		break;
	case BLOCKED:
		expect_eq(read(ends[0], &byte, 1), 1);
		break;
	case RUNNING:
	case TWO_RUNNING:
		while (!has_ended())
			cpu_relax();
		break;
	default:
		break;
	}
	be_a_plain_thread(w);
	return 0;
}

static unsigned int workers_left(void)
{
	return last.where == TWO_RUNNING ? 2 : 1;
}

static void put_into_place(struct server *s, struct worker *w)
{
	if (last.where == ON_LIST) {
		worker_start(w, group, s->tid);
		wait_for(w->args.slot && list_newest(s->self) == w->args.slot);
		return;
	}
	worker_hire(s, w);
	switch (last.where) {
	case PARKED:
		expect_eq(server_run(s, w), UMCG_CUR_WAIT);
		break;
	case BLOCKED:
		expect_eq(server_run(s, w), UMCG_CUR_BLOCK);
		break;
	case RUNNING:
	case TWO_RUNNING:
		server_leave_running(s, w);
		wait_for(step_get(w));
		break;
	case AWAY:
		last.no_debugger = !tracer_stop(&tracer, w->tid);
		break;
	default:
		break;
	}
}

static void *serve_last(void *arg)
{
	unsigned int i;

	server_start_as(&last.server, group,
			last.where == TWO_RUNNING ? UMCG_REG_MULTI : 0, 0);
	for (i = 0; i < workers_left(); i++) {
		last.worker[i].run = outlives_it;
		put_into_place(&last.server, &last.worker[i]);
	}
	last_is_at(1);
	wait_for(__atomic_load_n(&last.stage, __ATOMIC_SEQ_CST) == 2);
	if (!last.exits)
		expect_eq(umcg_unregister(group), 0);
	return arg;
}

/* What it waits for is not a server. */
static void stays_until_let_go(void)
{
	struct worker *w = &last.worker[0];

	wait_for(has_ended());
	if (last.where == BLOCKED) {
		proc_settled(w->tid);
		ck_assert_int_eq(proc_sleeps_in(w->tid), SYS_read);
		expect_eq(write(ends[1], "x", 1), 1);
	} else if (last.where == AWAY) {
		ck_assert_uint_eq(step_get(w), 0);
		ck_assert_int_eq(proc_state(w->tid), 't');
		tracer_detach(&tracer);
	}
}

START_TEST(wherever_they_are)
{
	unsigned int i;

	last.where = _i / 2;
	last.exits = _i % 2;
	if (last.where == AWAY)
		tracer_start(&tracer);
	expect_sys(pipe(ends));
	group = open_group();
	if (last.where == TWO_RUNNING &&
	    (cpu_count() < 2 || !has_features(group, UMCG_FEAT_MULTI)))
		skip("no two workers run at a time");
	expect(!pthread_create(&last.thread, NULL, serve_last, NULL));
	wait_for(__atomic_load_n(&last.stage, __ATOMIC_SEQ_CST) == 1);
	if (last.no_debugger)
		skip("no debugging here");
	ck_assert(!has_ended());
	last_is_at(2);
	pthread_join(last.thread, NULL);
	stays_until_let_go();
	for (i = 0; i < workers_left(); i++) {
		pthread_join(last.worker[i].thread, NULL);
		ck_assert_uint_eq(step_get(&last.worker[i]), 2);
	}
	all_calls_say(-ESHUTDOWN);
}
END_TEST

/* --- files and mappings -------------------------------------------------- */

/* The file is gone, the slots are mapped: nothing has ended. */
START_TEST(closing_is_not_the_end)
{
	static struct witness w;
	int spare;

	group = open_group();
	server_start(&boss, group);
	witness_start(&w);
	spare = expect_sys(dup(umcg_fd(group)));
	close(umcg_fd(group));
	ck_assert_int_eq(raw_ioctl(spare, UMCG_IOC_WAIT, NULL), 0);
	close(spare);
	sleep_ns(50 * MSEC);
	ck_assert_int_eq(stage_of(&w), 0);
	ck_assert_uint_eq(UMCG_STATE(umcg_state(umcg_slot(group, w.args.slot))),
			  UMCG_TASK_RUNNABLE);
	ck_assert_uint_eq(umcg_slot(group, 0)->events, 0);
}
END_TEST

START_TEST(unmapping_is_not_the_end)
{
	static struct witness w;
	struct umcg_query q;

	umcg_query(group = open_group(), &q);
	server_start(&boss, group);
	witness_start(&w);
	ck_assert_int_eq(munmap(umcg_slot(group, 0), q.map_size), 0);
	sleep_ns(50 * MSEC);
	ck_assert_int_eq(stage_of(&w), 0);
	ck_assert_int_eq(raw_ioctl(umcg_fd(group), UMCG_IOC_WAIT, NULL), 0);
}
END_TEST

/* Both: then nobody could ever schedule it. */
START_TEST(closing_and_unmapping_is)
{
	static struct witness w;

	group = open_group();
	server_start(&boss, group);
	witness_start(&w);
	umcg_close(group);
	wait_for(stage_of(&w) == 3);
	freed_from_register(&w);
	/* and this thread is free for another group */
	server_start(&boss, open_group());
}
END_TEST

/*
 * All files at once: no call is possible any more, the lists are as they were. The
 * one that reads comes to its end, with the pipe.
 */
START_TEST(close_range_and_unmapping)
{
	struct worker reader = { .run = read_pipe, .dies = true };
	static struct witness fresh;
	struct umcg_query q;

	umcg_query(group = open_group(), &q);
	expect_sys(pipe(ends));
	server_start(&boss, group);
	witness_start(&fresh);
	take(fresh.args.slot);
	worker_hire(&boss, &reader);
	ck_assert_int_eq(server_run(&boss, &reader), UMCG_CUR_BLOCK);
	expect_sys(syscall(SYS_close_range, umcg_fd(group), ~0U, 0));
	ck_assert_int_eq(umcg_wait(group, 0, 1), -EBADF);
	wait_for(list_newest(boss.self) == reader.args.slot);
	ck_assert_uint_eq(step_get(&reader), 0);
	ck_assert_int_eq(stage_of(&fresh), 0);
	ck_assert(!has_ended());
	ck_assert_int_eq(munmap(umcg_slot(group, 0), q.map_size), 0);
	pthread_join(fresh.thread, NULL);
	freed_from_register(&fresh);
	wait_for(step_get(&reader) == 1);
	/* and this thread is free for another group */
	server_start(&boss, open_group());
}
END_TEST

static long loses_its_files(struct worker *w)
{
	expect_sys(syscall(SYS_close_range, umcg_fd(w->group), ~0U,
			   CLOSE_RANGE_UNSHARE));
	expect_eq(umcg_wait(w->group, 0, 0), -EBADF);
	step_set(w, 1);
	sleep_ns(MSEC);
	step_set(w, 2);
	return 0;
}

/* Its own table of files only: it cannot call, but it is scheduled as before. */
START_TEST(a_worker_without_files)
{
	struct worker w = { .run = loses_its_files, .dies = true };
	__u32 why;

	group = open_group();
	server_start(&boss, group);
	worker_hire(&boss, &w);
	why = server_run(&boss, &w);
	while (step_get(&w) < 2) {
		ck_assert_uint_eq(why, UMCG_CUR_BLOCK);
		server_expect(&boss, &w, UMCG_EV_WAKE);
		why = server_run(&boss, &w);
	}
	/* it may block on its way out */
	if (why != UMCG_CUR_EXIT)
		server_run_out(&boss, &w);
	ck_assert(!has_ended());
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 1), -ETIMEDOUT);
}
END_TEST

/* A child that has the file keeps nobody in it once the process is done. */
START_TEST(a_child_with_the_file)
{
	static struct witness w;
	int pair[2];
	char byte;

	expect_sys(pipe(pair));
	group = open_group();
	server_start(&boss, group);
	witness_start(&w);
	if (!expect_sys(fork())) {
		close(pair[1]);
		_exit(read(pair[0], &byte, 1) == 0 ? 0 : 1);
	}
	umcg_close(group);
	sleep_ns(20 * MSEC);
	/* the file is still open, there; only its last reference ends it */
	ck_assert_int_eq(stage_of(&w), 0);
	close(pair[1]);
	wait_for(stage_of(&w) == 3);
	freed_from_register(&w);
}
END_TEST

/* --- before it was told -------------------------------------------------- */

static struct umcg_group *elsewhere;
static struct worker first, second;
static pid_t leaver;

/*
 * Of a higher priority, it comes before who is just ending the group, and sees to it
 * that this one waits for the second.
 */
static long lets_the_second_run(struct worker *w)
{
	(void)w;
	expect_sys(setpriority(PRIO_PROCESS, leaver, 19));
	expect_sys(setpriority(PRIO_PROCESS, second.tid, -20));
	return 0;
}

/* Not to be preempted by its server's end, so it runs when its group ends. */
static long registers_at_once(struct worker *w)
{
	struct umcg_register r = { .flags = UMCG_REG_SERVER,
				   .clock = CLOCK_MONOTONIC };
	int error;

	umcg_section_begin(worker_slot(w));
	step_set(w, 1);
	while (!has_ended())
		cpu_relax();
	error = umcg_register(elsewhere, &r);
	if (!error)
		expect_eq(umcg_unregister(elsewhere), 0);
	return error;
}

static void *end_it(void *arg)
{
	struct sched_param high = { .sched_priority = 1 };
	struct server s;

	leaver = gettid();
	server_start(&s, group);
	first.run = lets_the_second_run;
	worker_hire(&s, &first);
	expect_sys(sched_setscheduler(first.tid, SCHED_FIFO, &high));
	second.run = registers_at_once;
	worker_hire(&s, &second);
	server_leave_running(&s, &second);
	wait_for(step_get(&second));
	expect_eq(umcg_unregister(group), 0);
	return arg;
}

/*
 * The first has been told that the group has ended; the second only sees it. The
 * kernel is preempted itself: the first one is woken in the midst of a loop of its.
 */
START_TEST(registering_elsewhere_at_once)
{
	pthread_t server;

	pin(0, 0);
	group = open_group();
	elsewhere = open_group();
	expect(!pthread_create(&server, NULL, end_it, NULL));
	pthread_join(server, NULL);
	pthread_join(first.thread, NULL);
	pthread_join(second.thread, NULL);
	ck_assert_int_eq(second.result, 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("group_end");

	ADD(s, the_last_server_unregisters, 20);
	ADD(s, the_last_server_exits, 20);
	ADD(s, a_blocked_worker_finishes_its_call, 20);
	ADD(s, a_running_worker_runs_on, 20);
	ADD_LOOP(s, wherever_they_are, 20, 2 * WHERES);
	ADD(s, closing_is_not_the_end, 20);
	ADD(s, unmapping_is_not_the_end, 20);
	ADD(s, closing_and_unmapping_is, 20);
	ADD(s, close_range_and_unmapping, 20);
	ADD(s, a_worker_without_files, 20);
	ADD(s, a_child_with_the_file, 20);
	ADD_BETWEEN(s, registering_elsewhere_at_once, 20, preempt_fully,
		    preempt_restore);
	return s;
}
