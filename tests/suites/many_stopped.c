// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process with five thousand workers is stopped: each of them sleeps in the middle
 * of the delivery of a signal. Whatever takes part in that must not run out: another
 * process has all its guarantees meanwhile. Then the first one goes on, and loses
 * nobody.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "proc.h"
#include "suite.h"

#define CROWD	5000
#define SERVERS	2
#define ROUNDS	100
#define STACK	(64 * 1024)

/* Shared by both processes. */
struct shared {
	int ready, go, finished;
};

static struct shared *shared;

static int get(int *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* --- the process that is stopped ----------------------------------------- */

enum place { HELD, PARKED, BLOCKED, PLACES };

static struct fifo fifo;
static struct server idler; /* it never looks at its list */
static struct worker *crowd;
static int ends[2];

static enum place place_of(const struct worker *w)
{
	return (w - crowd) % PLACES;
}

static long stay_there(struct worker *w)
{
	char byte;

	if (place_of(w) == PARKED)
		expect_eq(umcg_run(w->group, worker_slot(w), 0, 0, 0), 0);
	if (place_of(w) == BLOCKED)
		expect_eq(read(ends[0], &byte, 1), 1);
	__atomic_fetch_add(&shared->finished, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static bool is_there(const struct worker *w)
{
	static const __u32 state[PLACES] = {
		UMCG_TASK_RUNNABLE, UMCG_TASK_RUNNABLE | UMCG_TF_PARKED,
		UMCG_TASK_BLOCKED,
	};

	return worker_state(w) == state[place_of(w)];
}

static void start_all(void)
{
	pthread_attr_t small;
	int i;

	crowd = calloc(CROWD, sizeof(*crowd));
	expect(crowd);
	expect_sys(pipe(ends));
	expect(!pthread_attr_init(&small));
	expect(!pthread_attr_setstacksize(&small, STACK));
	expect(!pthread_setattr_default_np(&small));
	fifo_start(&fifo, open_group(), SERVERS);
	server_start(&idler, fifo.group);
	for (i = 0; i < CROWD; i++) {
		crowd[i].run = stay_there;
		worker_start(&crowd[i], fifo.group,
			     place_of(&crowd[i]) == HELD ? (__u32)idler.tid :
							   fifo_home(&fifo, i % 2));
	}
	for (i = 0; i < CROWD; i++)
		wait_for(is_there(&crowd[i]));
}

/* Who is held is so until that server has gone, and another takes its list. */
static void let_all_go(void)
{
	int i;

	expect_eq(umcg_unregister(fifo.group), 0);
	for (i = 0; i < CROWD; i++) {
		if (place_of(&crowd[i]) == PARKED)
			expect_eq(umcg_wake(fifo.group, crowd[i].tid), 0);
		if (place_of(&crowd[i]) == BLOCKED)
			expect_eq(write(ends[1], "x", 1), 1);
	}
	for (i = 0; i < CROWD; i++)
		pthread_join(crowd[i].thread, NULL);
	wait_for(fifo_ended(&fifo) == CROWD);
	fifo_stop(&fifo);
}

/* A stop ends a sleep in a call, which is called again in the worker's next turn. */
static void all_are_back(void)
{
	int i;

	for (i = 0; i < CROWD; i++) {
		if (place_of(&crowd[i]) == BLOCKED)
			wait_for(is_there(&crowd[i]));
		else
			expect(is_there(&crowd[i]));
	}
	expect_eq(get(&shared->finished), 0);
}

static int stopped_process(void)
{
	start_all();
	__atomic_store_n(&shared->ready, 1, __ATOMIC_SEQ_CST);
	wait_for(get(&shared->go));
	all_are_back();
	let_all_go();
	fifo_note(&fifo, "five thousand");
	return 0;
}

/* --- the other ----------------------------------------------------------- */

static struct server boss;
static int pipes[2], handled;
static struct worker *signalled;

static void on_signal(int signal)
{
	(void)signal;
	expect_eq(worker_state(signalled), UMCG_TASK_RUNNING);
	handled++;
}

/* Half of the signals come while it is parked, and half while it reads. */
static long park_and_read(struct worker *w)
{
	int error;
	char byte;

	while (step_get(w) < 2 * ROUNDS) {
		error = umcg_run(w->group, worker_slot(w), 0, 0, 0);
		expect_eq(error, -EINTR);
		step_set(w, step_get(w) + 1);
		expect_eq(read(pipes[0], &byte, 1), 1);
		step_set(w, step_get(w) + 1);
	}
	return 0;
}

/* Queued, with a handler's frame: and that is all, until it is switched to. */
static void is_held(struct worker *w, unsigned int step, int so_far)
{
	wait_for(proc_signal_in(w->tid, "SigBlk", SIGUSR1));
	proc_settled(w->tid);
	ck_assert_uint_eq(step_get(w), step);
	ck_assert_int_eq(handled, so_far);
}

static void one_round(struct worker *w, unsigned int round)
{
	expect(!pthread_kill(w->thread, SIGUSR1));
	server_expect(&boss, w, UMCG_EV_SIGNAL);
	is_held(w, 2 * round, 2 * round);
	ck_assert_int_eq(server_run(&boss, w), UMCG_CUR_BLOCK);
	ck_assert_int_eq(handled, 2 * round + 1);
	ck_assert_uint_eq(step_get(w), 2 * round + 1);

	expect_eq(write(pipes[1], "x", 1), 1);
	server_expect(&boss, w, UMCG_EV_WAKE);
	expect(!pthread_kill(w->thread, SIGUSR1));
	is_held(w, 2 * round + 1, 2 * round + 1);
}

static void has_its_guarantees(void)
{
	struct worker w = { .run = park_and_read };
	__u32 why;
	int i;

	signalled = &w;
	expect_sys(pipe(pipes));
	server_start(&boss, open_group());
	worker_hire(&boss, &w);
	for (i = 0; i < ROUNDS; i++) {
		why = server_run(&boss, &w);
		ck_assert_int_eq(why, UMCG_CUR_WAIT);
		ck_assert_int_eq(handled, 2 * i);
		one_round(&w, i);
	}
	server_finish(&boss, &w);
	ck_assert_int_eq(handled, 2 * ROUNDS);
}

/* --- both ---------------------------------------------------------------- */

/* Of each by itself: to read that of a process takes a look at all its threads. */
static int stopped_threads_of(pid_t pid)
{
	struct dirent *entry;
	char path[300];
	int count = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	expect(tasks);
	while ((entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid,
			 entry->d_name);
		count += count_lines(path, "State:\tT");
	}
	closedir(tasks);
	return count;
}

START_TEST(another_process_has_its_guarantees)
{
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = SA_RESTART };
	int status;
	pid_t child;

	expect_sys(sigaction(SIGUSR1, &sa, NULL));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	expect(shared != MAP_FAILED);
	child = expect_sys(fork());
	if (!child)
		_exit(stopped_process());
	while (!get(&shared->ready)) {
		expect_eq(waitpid(child, &status, WNOHANG), 0);
		sleep_ns(20 * MSEC);
	}
	expect_sys(kill(child, SIGSTOP));
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	expect(WIFSTOPPED(status));
	ck_assert_int_eq(stopped_threads_of(child), CROWD + SERVERS + 1);
	has_its_guarantees();
	ck_assert_int_eq(stopped_threads_of(child), CROWD + SERVERS + 1);
	expect_sys(kill(child, SIGCONT));
	__atomic_store_n(&shared->go, 1, __ATOMIC_SEQ_CST);
	ended_well(child);
	ck_assert_int_eq(get(&shared->finished), CROWD);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("many_stopped");

	ADD(s, another_process_has_its_guarantees, 150);
	return s;
}
