// SPDX-License-Identifier: GPL-2.0-only
/* arch: x86-64: calls of the first days, which newer processors do not have */
/* A worker that blocks in a system call: its server runs another meanwhile. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blocker.h"
#include "clock.h"
#include "suite.h"

static int ends[BLOCKER_ROUNDS][2];

static void make_pipe(int i)
{
	expect_sys(pipe(ends[i]));
}

static void make_socket(int i)
{
	expect_sys(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]));
}

static long read_end(int i)
{
	char byte = 0;
	long n = syscall(SYS_read, ends[i][0], &byte, 1);

	return n == 1 && byte == 'a' + i ? 0 : n ?: -1;
}

static void write_end(int i)
{
	char byte = 'a' + i;

	expect_eq(write(ends[i][1], &byte, 1), 1);
}

START_TEST(reading_a_pipe)
{
	const struct blocker b = { SYS_read, false, make_pipe, read_end,
				   write_end };

	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

START_TEST(reading_a_socket)
{
	const struct blocker b = { SYS_read, false, make_socket, read_end,
				   write_end };

	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

static long poll_end(int i)
{
	struct pollfd p = { .fd = ends[i][0], .events = POLLIN };
	long n = syscall(SYS_poll, &p, 1, -1);

	return n == 1 && p.revents == POLLIN ? read_end(i) : n ?: -1;
}

START_TEST(polling)
{
	const struct blocker b = { SYS_poll, false, make_pipe, poll_end,
				   write_end };

	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

static int epolls[BLOCKER_ROUNDS];

static void make_epoll(int i)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = i };

	make_pipe(i);
	epolls[i] = expect_sys(epoll_create1(0));
	expect_sys(epoll_ctl(epolls[i], EPOLL_CTL_ADD, ends[i][0], &e));
}

static long epoll_end(int i)
{
	struct epoll_event e = { .events = 0 };
	long n = syscall(SYS_epoll_wait, epolls[i], &e, 1, -1);

	return n == 1 && e.events == EPOLLIN && e.data.u32 == (__u32)i ?
		       read_end(i) :
		       n ?: -1;
}

START_TEST(waiting_for_epoll)
{
	const struct blocker b = { SYS_epoll_wait, false, make_epoll, epoll_end,
				   write_end };

	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

static void no_object(int i)
{
	(void)i;
}

static long sleep_a_while(int i)
{
	struct timespec t = { .tv_nsec = 30 * MSEC };
	__u64 begin = now();
	long result = syscall(SYS_nanosleep, &t, NULL);

	(void)i;
	return result || now() < begin + 30 * MSEC;
}

START_TEST(sleeping)
{
	const struct blocker b = { SYS_nanosleep, true, no_object,
				   sleep_a_while, NULL };

	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

static __u32 words[BLOCKER_ROUNDS];

static long futex(__u32 *word, int op, __u32 value)
{
	long result = syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value,
			      NULL, NULL, 0);

	return result < 0 ? -errno : result;
}

static long futex_wait(int i)
{
	long result = futex(&words[i], FUTEX_WAIT, 0);

	return result ?: words[i] != 1;
}

static void futex_wake(int i)
{
	words[i] = 1;
	expect_eq(futex(&words[i], FUTEX_WAKE, 1), 1);
}

START_TEST(waiting_for_a_futex)
{
	const struct blocker b = { SYS_futex, false, no_object, futex_wait,
				   futex_wake };

	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

static void futex_pi_take(int i)
{
	expect_eq(futex(&words[i], FUTEX_LOCK_PI, 0), 0);
}

static long futex_pi_lock(int i)
{
	long result = futex(&words[i], FUTEX_LOCK_PI, 0);

	if (result)
		return result;
	if ((words[i] & FUTEX_TID_MASK) != (__u32)gettid())
		return 1;
	return futex(&words[i], FUTEX_UNLOCK_PI, 0);
}

static void futex_pi_give(int i)
{
	expect_eq(futex(&words[i], FUTEX_UNLOCK_PI, 0), 0);
}

/* This one sleeps in rt_mutex_schedule(), not in schedule(). */
START_TEST(locking_a_pi_futex)
{
	const struct blocker b = { SYS_futex, false, futex_pi_take,
				   futex_pi_lock, futex_pi_give };

	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

static void make_locked_file(int i)
{
	char name[] = "/tmp/umcg-flock.XXXXXX";

	ends[i][0] = expect_sys(mkstemp(name));
	ends[i][1] = expect_sys(open(name, O_RDWR | O_CLOEXEC));
	unlink(name);
	expect_sys(flock(ends[i][1], LOCK_EX));
}

static long lock_file(int i)
{
	return syscall(SYS_flock, ends[i][0], LOCK_EX);
}

static void unlock_file(int i)
{
	expect_sys(flock(ends[i][1], LOCK_UN));
}

START_TEST(locking_a_file)
{
	const struct blocker b = { SYS_flock, false, make_locked_file,
				   lock_file, unlock_file };

	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

static pid_t children[BLOCKER_ROUNDS];

static void make_child(int i)
{
	char byte;

	make_pipe(i);
	children[i] = expect_sys(fork());
	if (!children[i])
		_exit(read(ends[i][0], &byte, 1) == 1 ? i : 100);
}

static long wait_for_child(int i)
{
	int status = 0;
	long pid = syscall(SYS_wait4, children[i], &status, 0, NULL);

	return pid != children[i] || !WIFEXITED(status) ||
	       WEXITSTATUS(status) != i;
}

START_TEST(waiting_for_a_child)
{
	const struct blocker b = { SYS_wait4, false, make_child,
				   wait_for_child, write_end };

	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("block_calls");

	ADD(s, reading_a_pipe, 30);
	ADD(s, reading_a_socket, 30);
	ADD(s, polling, 30);
	ADD(s, waiting_for_epoll, 30);
	ADD(s, sleeping, 30);
	ADD(s, waiting_for_a_futex, 30);
	ADD(s, locking_a_pi_futex, 30);
	ADD(s, locking_a_file, 30);
	ADD(s, waiting_for_a_child, 30);
	return s;
}
