// SPDX-License-Identifier: GPL-2.0-only
/* Who else holds the file may ask QUERY and close it, and do nothing else. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fdpass.h"
#include "module.h"
#include "suite.h"

static struct umcg_query about;
static __u32 worker_tid, server_tid;

/* Everything a stranger may try. 0, or which of them was wrong. */
static int stranger(int fd)
{
	struct umcg_register r = { .flags = UMCG_REG_SERVER,
				   .clock = CLOCK_MONOTONIC };
	struct umcg_wait wait = { .timeout = 1 };
	struct umcg_wake wake = { .tid = worker_tid };
	struct umcg_wake wake_any = { .tid = 0 };
	struct umcg_kick kick = { .tid = worker_tid };
	struct umcg_kick kick_server = { .tid = server_tid };
	struct umcg_query q = { .size = sizeof(q) };

	if (raw_ioctl(fd, UMCG_IOC_QUERY, &q) ||
	    memcmp(&q, &about, sizeof(q)))
		return 1;
	if (raw_ioctl(fd, UMCG_IOC_REGISTER, &r) != -EPERM)
		return 2;
	r.flags = UMCG_REG_WORKER;
	if (raw_ioctl(fd, UMCG_IOC_REGISTER, &r) != -EPERM)
		return 3;
	if (raw_ioctl(fd, UMCG_IOC_WAIT, &wait) != -EPERM)
		return 4;
	if (raw_ioctl(fd, UMCG_IOC_WAIT, NULL) != -EPERM)
		return 5;
	if (raw_ioctl(fd, UMCG_IOC_UNREGISTER, NULL) != -EPERM)
		return 6;
	if (raw_ioctl(fd, UMCG_IOC_WAKE, &wake) != -EPERM)
		return 7;
	if (raw_ioctl(fd, UMCG_IOC_WAKE, &wake_any) != -EPERM)
		return 8;
	if (raw_ioctl(fd, UMCG_IOC_KICK, &kick) != -EPERM)
		return 9;
	if (raw_ioctl(fd, UMCG_IOC_KICK, &kick_server) != -EPERM)
		return 10;
	if (mmap(NULL, q.map_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) !=
		    MAP_FAILED || errno != EPERM)
		return 11;
	if (raw_ioctl(fd, _IO(UMCG_IOC_MAGIC, 77), NULL) != -ENOTTY)
		return 12;
	return close(fd) ? 13 : 0;
}

static int status_of(pid_t child)
{
	int status;

	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, __WALL), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static long work(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

/*
 * A group with a server, the caller, and a worker which nobody has run. What
 * the stranger did must not have run it, and it can be run after that.
 */
static struct server boss;
static struct worker hand = { .run = work };

static struct umcg_group *busy_group(void)
{
	struct umcg_group *g = open_group();

	umcg_query(g, &about);
	server_start(&boss, g);
	worker_hire(&boss, &hand);
	worker_tid = hand.tid;
	server_tid = boss.tid;
	return g;
}

static void still_works(void)
{
	ck_assert_uint_eq(step_get(&hand), 0);
	ck_assert_uint_eq(worker_state(&hand), UMCG_TASK_RUNNABLE);
	server_finish(&boss, &hand);
	ck_assert_uint_eq(step_get(&hand), 1);
	ck_assert_int_eq(umcg_run(boss.group, boss.self, 0, 0, 1), -ETIMEDOUT);
}

START_TEST(a_child_of_fork)
{
	struct umcg_group *g = busy_group();
	pid_t child = fork();

	if (!child)
		_exit(stranger(umcg_fd(g)));
	ck_assert_int_eq(status_of(child), 0);
	still_works();
}
END_TEST

static int clone_main(void *arg)
{
	_exit(stranger(dup(*(int *)arg)));
}

/* It has the memory, it has the file, it is another process all the same. */
START_TEST(a_process_that_shares_the_memory)
{
	struct umcg_group *g = busy_group();
	char *stack = malloc(1 << 16);
	int fd = umcg_fd(g);
	pid_t child;

	child = clone(clone_main, stack + (1 << 16), CLONE_VM | SIGCHLD, &fd);
	ck_assert_int_eq(status_of(child), 0);
	still_works();
}
END_TEST

/* Tids there can be equal to tids here. */
START_TEST(a_child_in_a_pid_namespace)
{
	struct umcg_group *g = busy_group();
	pid_t child;

	child = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, 0);
	if (child < 0 && (errno == EPERM || errno == EINVAL))
		skip("no pid namespaces here");
	if (!child)
		_exit(stranger(umcg_fd(g)));
	ck_assert_int_eq(status_of(child), 0);
	still_works();
}
END_TEST

START_TEST(a_process_that_was_sent_the_file)
{
	int pair[2];
	pid_t child;

	expect_sys(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	child = fork();
	if (!child) {
		int fd = fd_receive(pair[1]);

		/* what it must compare with was not known when it was forked */
		if (read(pair[1], &about, sizeof(about)) != sizeof(about) ||
		    read(pair[1], &worker_tid, 4) != 4 ||
		    read(pair[1], &server_tid, 4) != 4)
			_exit(100);
		_exit(stranger(fd));
	}
	fd_send(pair[0], umcg_fd(busy_group()));
	expect_eq(write(pair[0], &about, sizeof(about)), sizeof(about));
	expect_eq(write(pair[0], &worker_tid, 4), 4);
	expect_eq(write(pair[0], &server_tid, 4), 4);
	ck_assert_int_eq(status_of(child), 0);
	still_works();
}
END_TEST

/* A group of the child's own, beside the parent's. 0, or what was wrong. */
static int own_group(void)
{
	struct umcg_group *g;
	int slot;

	if (umcg_open(&g))
		return 1;
	slot = umcg_register_server(g, 42);
	if (slot <= 0)
		return 2;
	if (umcg_slot(g, slot)->tid != (__u32)getpid() ||
	    umcg_slot(g, 0)->tid != (__u32)getpid())
		return 3;
	/* the parent's worker means nothing here */
	if (worker_tid != (__u32)getpid() &&
	    umcg_run(g, umcg_slot(g, slot), worker_tid, 0, 1) != -ESRCH)
		return 4;
	if (umcg_run(g, umcg_slot(g, slot), 0, 0, 1) != -ETIMEDOUT)
		return 5;
	umcg_close(g);
	return 0;
}

START_TEST(a_child_opens_its_own)
{
	pid_t child;

	busy_group();
	child = fork();
	if (!child)
		_exit(own_group());
	ck_assert_int_eq(status_of(child), 0);
	still_works();
}
END_TEST

START_TEST(tids_are_those_of_the_namespace)
{
	pid_t child;

	busy_group();
	child = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, 0);
	if (child < 0 && (errno == EPERM || errno == EINVAL))
		skip("no pid namespaces here");
	if (!child)
		_exit(getpid() == 1 ? own_group() : 100);
	ck_assert_int_eq(status_of(child), 0);
	still_works();
}
END_TEST

static int report[2]; /* of a process that is nobody's child */

static long become_a_daemon(struct worker *w)
{
	int wrong;

	/* who calls it is gone, and the group with it */
	if (daemon(1, 1))
		_exit(1);
	wrong = stranger(umcg_fd(w->group)) ?: own_group();
	_exit(write(report[1], &wrong, sizeof(wrong)) != sizeof(wrong));
}

static void a_server_becomes_one(void)
{
	struct worker plain = { .group = busy_group() };

	become_a_daemon(&plain);
}

static void a_worker_becomes_one(void)
{
	struct worker w = { .run = become_a_daemon };

	busy_group();
	worker_hire(&boss, &w);
	server_run_out(&boss, &w);
}

START_TEST(a_daemon)
{
	static void (*const become[])(void) = { a_server_becomes_one,
						a_worker_becomes_one };
	int wrong = -1, before = module_refcount();
	pid_t child;

	expect_sys(pipe(report));
	child = expect_sys(fork());
	if (!child) {
		become[_i]();
		_exit(100);
	}
	ck_assert_int_eq(status_of(child), 0);
	expect_eq(read(report[0], &wrong, sizeof(wrong)), sizeof(wrong));
	ck_assert_int_eq(wrong, 0);
	wait_for(module_refcount() == before);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("process");

	ADD(s, a_child_of_fork, 20);
	ADD(s, a_process_that_shares_the_memory, 20);
	ADD(s, a_child_in_a_pid_namespace, 20);
	ADD(s, a_process_that_was_sent_the_file, 20);
	ADD(s, a_child_opens_its_own, 20);
	ADD(s, tids_are_those_of_the_namespace, 20);
	ADD_LOOP(s, a_daemon, 20, 2);
	return s;
}
