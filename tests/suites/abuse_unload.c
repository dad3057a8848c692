// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody's process leaves behind whatever it can, and is killed: the module can be
 * unloaded, and what was left behind does no harm to whoever finds it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fdpass.h"
#include "module.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"

#define WORKERS	8

struct told {
	int ready;
	pid_t pid;
};

static struct told *told;

static int ends[2];

static void ready(void)
{
	__atomic_store_n(&told->ready, 1, __ATOMIC_SEQ_CST);
	pause();
}

/* The kernel looks for sockets that nobody can receive when one is closed. */
static bool is_unused(void)
{
	int pair[2];

	expect_sys(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	close(pair[0]);
	close(pair[1]);
	return module_refcount() == 0;
}

static void unloads(void)
{
	wait_for(is_unused());
	ck_assert_int_eq(module_unload(), 0);
	ck_assert_int_eq(module_refcount(), -1);
}

/* It does not unload while @run lives, and does when that was killed. */
static void dies(void (*run)(void *arg))
{
	int error;
	pid_t pid;

	wait_for(module_refcount() == 0);
	told = shared_memory(sizeof(*told));
	expect_sys(pipe(ends));
	pid = nobody_start(run, NULL);
	wait_for(__atomic_load_n(&told->ready, __ATOMIC_SEQ_CST));
	error = module_unload();
	ck_assert(error == -EWOULDBLOCK || error == -EBUSY);
	nobody_kill(pid);
	unloads();
}

static struct worker workers[WORKERS];

static long block(struct worker *w)
{
	char byte;

	(void)w;
	return read(ends[0], &byte, 1);
}

/* Blocked, running, and held, and never to be seen to again. */
static void leave_a_crew(struct umcg_group *g)
{
	static struct server s;
	static int never;
	int i;

	server_start(&s, g);
	for (i = 0; i < WORKERS; i++) {
		workers[i].run = i % 2 ? block : worker_spin;
		workers[i].arg = &never;
		worker_hire(&s, &workers[i]);
	}
	ck_assert_uint_eq(server_run(&s, &workers[1]), UMCG_CUR_BLOCK);
	ck_assert_uint_eq(server_run(&s, &workers[3]), UMCG_CUR_BLOCK);
	server_leave_running(&s, &workers[0]);
}

static void crew(void *arg)
{
	(void)arg;
	leave_a_crew(open_group());
	ready();
}

START_TEST(with_workers_in_every_state)
{
	dies(crew);
	ck_assert_int_eq(module_load(), 0);
}
END_TEST

static void stopped_crew(void *arg)
{
	(void)arg;
	leave_a_crew(open_group());
	__atomic_store_n(&told->ready, 1, __ATOMIC_SEQ_CST);
	raise(SIGSTOP);
}

START_TEST(stopped)
{
	dies(stopped_crew);
	ck_assert_int_eq(module_load(), 0);
}
END_TEST

/* In a socket that is in flight in itself: nobody can ever receive it. */
static void in_flight(void *arg)
{
	struct umcg_group *g = open_group();
	int pair[2];

	(void)arg;
	leave_a_crew(g);
	expect_sys(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	fd_send(pair[0], umcg_fd(g));
	fd_send(pair[0], pair[0]);
	fd_send(pair[0], pair[1]);
	close(pair[0]);
	close(pair[1]);
	ready();
}

START_TEST(with_the_file_in_flight)
{
	dies(in_flight);
	ck_assert_int_eq(module_load(), 0);
}
END_TEST

/* Its slots are in a pipe which we have, too, and an epoll knows the file. */
static void in_a_pipe(void *arg)
{
	struct umcg_group *g = open_group();
	struct epoll_event e = { .events = EPOLLIN };
	struct iovec page = { umcg_slot(g, 0), 4096 };
	int epoll = expect_sys(epoll_create1(0));

	(void)arg;
	expect_sys(epoll_ctl(epoll, EPOLL_CTL_ADD, umcg_fd(g), &e));
	umcg_slot(g, 0)->user = 4711;
	expect_eq(vmsplice(ends[1], &page, 1, 0), 4096);
	ready();
}

START_TEST(with_its_slots_in_a_pipe)
{
	struct umcg_task slots[64];

	dies(in_a_pipe);
	ck_assert_int_eq(read(ends[0], slots, sizeof(slots)), sizeof(slots));
	ck_assert_uint_eq(slots[0].user, 4711);
	ck_assert_int_eq(module_load(), 0);
}
END_TEST

/* It is dead, and its debugger does not want to know. */
static void tracer(void *arg)
{
	pid_t pid = expect_sys(fork());
	siginfo_t info;

	(void)arg;
	if (!pid) {
		prctl(PR_SET_DUMPABLE, 1);
		leave_a_crew(open_group());
		ready();
	}
	wait_for(__atomic_load_n(&told->ready, __ATOMIC_SEQ_CST));
	expect_sys(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	kill(pid, SIGKILL);
	expect_sys(waitid(P_PID, pid, &info, WEXITED | WNOWAIT | __WALL));
	__atomic_store_n(&told->pid, pid, __ATOMIC_SEQ_CST);
	pause();
}

START_TEST(dead_and_not_waited_for)
{
	pid_t pid;

	wait_for(module_refcount() == 0);
	told = shared_memory(sizeof(*told));
	expect_sys(pipe(ends));
	pid = nobody_start(tracer, NULL);
	wait_for(__atomic_load_n(&told->pid, __ATOMIC_SEQ_CST));
	ck_assert_int_eq(proc_state(told->pid), 'Z');
	unloads();
	ck_assert_int_eq(proc_state(told->pid), 'Z');
	nobody_kill(pid);
	ck_assert_int_eq(module_load(), 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("abuse_unload");

	ADD(s, with_workers_in_every_state, 40);
	ADD(s, stopped, 40);
	ADD(s, with_the_file_in_flight, 40);
	ADD(s, with_its_slots_in_a_pipe, 40);
	ADD(s, dead_and_not_waited_for, 40);
	return s;
}
