// SPDX-License-Identifier: GPL-2.0-only
/*
 * exec by threads that are registered, and by others. This program runs itself
 * again to see what is left on the other side.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "module.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"

#define FINE	42

/* After exec: the old group is nobody's, and a new one works. */
static int after_exec(int fd)
{
	struct umcg_register r = { .flags = UMCG_REG_SERVER,
				   .clock = CLOCK_MONOTONIC };
	struct umcg_query q = { .size = sizeof(q) };
	struct umcg_group *g;
	int error;

	if (fd >= 0) {
		if (raw_ioctl(fd, UMCG_IOC_QUERY, &q))
			return 1;
		error = raw_ioctl(fd, UMCG_IOC_REGISTER, &r);
		if (error != -ESHUTDOWN && error != -EPERM)
			return 2;
		error = raw_ioctl(fd, UMCG_IOC_WAIT, NULL);
		if (error != -ESHUTDOWN && error != -EPERM)
			return 3;
	}
	if (umcg_open(&g))
		return 4;
	error = umcg_register_server(g, 1);
	if (error <= 0)
		return 5;
	if (umcg_run(g, umcg_slot(g, error), 0, 0, 1) != -ETIMEDOUT)
		return 6;
	return FINE;
}

int helper_main(int argc, char **argv)
{
	return argc == 2 ? after_exec(atoi(argv[1])) : 100;
}

static struct umcg_group *group;
static struct server boss;
static int kept; /* the group's file, which survives exec */

static void exec_self(void)
{
	char fd[16];
	char *argv[] = { "exec", fd, NULL };

	snprintf(fd, sizeof(fd), "%d", kept);
	execv("/proc/self/exe", argv);
	_exit(101);
}

static int ends[2];

static long read_for_ever(struct worker *w)
{
	char byte;

	step_set(w, 1);
	return read(ends[0], &byte, 1);
}

static long park(struct worker *w)
{
	step_set(w, 1);
	worker_park(w);
	return 0;
}

static long exec_now(struct worker *w)
{
	(void)w;
	exec_self();
	return 0;
}

/* One of each kind: blocked, parked, taken, on the list. */
static void fill_group(void)
{
	static struct worker blocked = { .run = read_for_ever };
	static struct worker parked = { .run = park };
	static struct worker taken = { .run = park }, queued = { .run = park };

	expect_sys(pipe2(ends, O_CLOEXEC));
	group = open_group();
	kept = expect_sys(dup(umcg_fd(group)));
	server_start(&boss, group);
	worker_hire(&boss, &blocked);
	expect_eq(server_run(&boss, &blocked), UMCG_CUR_BLOCK);
	worker_hire(&boss, &parked);
	expect_eq(server_run(&boss, &parked), UMCG_CUR_WAIT);
	worker_hire(&boss, &taken);
	worker_start(&queued, group, boss.tid);
	wait_for(worker_state(&queued) == UMCG_TASK_RUNNABLE);
}

static void *exec_as_plain(void *arg)
{
	(void)arg;
	exec_self();
	return NULL;
}

static void a_server_does_it(void)
{
	fill_group();
	exec_self();
}

/* Shared with who has a debugger on that worker. */
struct traced {
	pid_t tid;
	int go;
};

static struct traced *traced;

static void let_the_debugger_come(const struct worker *w)
{
	__atomic_store_n(&traced->tid, w->tid, __ATOMIC_SEQ_CST);
	wait_for(__atomic_load_n(&traced->go, __ATOMIC_SEQ_CST));
}

static void a_worker_does_it(void)
{
	static struct worker w = { .run = exec_now };

	fill_group();
	worker_start(&w, group, 0);
	wait_for(worker_state(&w) == UMCG_TASK_RUNNABLE);
	while (server_poll(&boss, NULL) != &w)
		;
	if (traced)
		let_the_debugger_come(&w);
	server_switch(&boss, &w, 0);
	/* this thread is gone before the worker's exec is through */
	for (;;)
		umcg_wait(group, 0, 0);
}

static void a_plain_thread_does_it(void)
{
	pthread_t thread;

	fill_group();
	expect(!pthread_create(&thread, NULL, exec_as_plain, NULL));
	umcg_run(group, boss.self, 0, 0, 0);
	for (;;)
		pause();
}

/* In a child: it must come through, and leave nothing registered behind. */
static void comes_through(void (*scene)(void))
{
	int status, before = module_refcount();
	pid_t child = expect_sys(fork());

	if (!child) {
		scene();
		_exit(102);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), FINE);
	wait_for(module_refcount() == before);
}

START_TEST(exec_of_a_server)
{
	comes_through(a_server_does_it);
}
END_TEST

START_TEST(exec_of_a_worker)
{
	comes_through(a_worker_does_it);
}
END_TEST

START_TEST(exec_of_a_plain_thread)
{
	comes_through(a_plain_thread_does_it);
}
END_TEST

#define STEPS	20

static void steps(pid_t pid)
{
	int status, i;

	for (i = 0; i < STEPS; i++) {
		expect_sys(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL));
		expect_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	}
}

/*
 * Its debugger stops it in the midst of exec, where works of a thread are run as
 * well: it is the only thread by then, with another tid, and nobody's worker.
 */
START_TEST(exec_of_a_worker_with_a_debugger)
{
	int status, before = module_refcount();
	unsigned long former;
	pid_t child;

	traced = shared_memory(sizeof(*traced));
	child = expect_sys(fork());
	if (!child) {
		a_worker_does_it();
		_exit(102);
	}
	wait_for(__atomic_load_n(&traced->tid, __ATOMIC_SEQ_CST));
	if (ptrace(PTRACE_SEIZE, traced->tid, NULL, PTRACE_O_TRACEEXEC))
		skip("no debugging here");
	__atomic_store_n(&traced->go, 1, __ATOMIC_SEQ_CST);
	expect_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status >> 8, SIGTRAP | PTRACE_EVENT_EXEC << 8);
	expect_sys(ptrace(PTRACE_GETEVENTMSG, child, NULL, &former));
	ck_assert_int_eq(former, traced->tid);
	ck_assert_int_eq(proc_state(former), 0);
	steps(child);
	ck_assert_int_eq(module_refcount(), before + 1);
	expect_sys(ptrace(PTRACE_DETACH, child, NULL, NULL));
	expect_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), FINE);
	wait_for(module_refcount() == before);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("exec");

	ADD(s, exec_of_a_server, 20);
	ADD(s, exec_of_a_worker, 20);
	ADD(s, exec_of_a_plain_thread, 20);
	ADD(s, exec_of_a_worker_with_a_debugger, 20);
	return s;
}
