// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a call has for its result and what the mask is after it, when signals come
 * to a worker that is blocked or held: what Linux has without UMCG.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;
static int ends[2];
static volatile unsigned int handled;
static struct worker *sleeper;

static void handler(int signal)
{
	(void)signal;
	handled++;
	expect_eq(worker_state(sleeper), UMCG_TASK_RUNNING);
}

static void begin(struct worker *w, int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sleeper = w;
	expect_sys(sigaction(SIGUSR1, &sa, NULL));
	expect_sys(pipe(ends));
	group = open_group();
	server_start(&boss, group);
	worker_hire(&boss, w);
	ck_assert_int_eq(server_run(&boss, w), UMCG_CUR_BLOCK);
}

static void send_to(struct worker *w)
{
	expect(!pthread_kill(w->thread, SIGUSR1));
}

/*
 * It comes back, and for a while neither its code nor its handler runs. That there
 * is a handler need not be known yet when it comes.
 */
static void comes_back(struct worker *w, __u32 events)
{
	unsigned int before = handled, step = step_get(w);
	__u32 seen = 0x5a5a;

	expect(server_next(&boss, &seen) == w);
	if (events == UMCG_EV_WAKE)
		seen &= ~UMCG_EV_SIGNAL;
	expect_eq(seen, events | UMCG_EV_QUEUED);
	sleep_ns(10 * MSEC);
	ck_assert_uint_eq(handled, before);
	ck_assert_uint_eq(step_get(w), step);
}

/* The mask is just what it was, and SIGUSR1 is in it, or not. */
static void mask_is(const sigset_t *mask, int blocked)
{
	sigset_t now_;

	expect(!pthread_sigmask(SIG_SETMASK, NULL, &now_));
	expect(!memcmp(&now_, mask, _NSIG / 8));
	expect_eq(sigismember(&now_, SIGUSR1), blocked);
}

static void block_some(sigset_t *mask)
{
	sigemptyset(mask);
	sigaddset(mask, SIGUSR1);
	sigaddset(mask, SIGWINCH);
	sigaddset(mask, SIGRTMIN + 7);
	expect(!pthread_sigmask(SIG_SETMASK, mask, NULL));
	expect(!pthread_sigmask(SIG_SETMASK, NULL, mask));
}

/* --- a blocked signal stays so ------------------------------------------- */

static long read_with_a_mask(struct worker *w)
{
	sigset_t mask, pending;
	char byte;

	block_some(&mask);
	step_set(w, 1);
	expect_eq(read(ends[0], &byte, 1), 1);
	step_set(w, 2);
	mask_is(&mask, 1);
	expect_eq(handled, 0);
	expect_sys(sigpending(&pending));
	expect_eq(sigismember(&pending, SIGUSR1), 1);
	sigdelset(&mask, SIGUSR1);
	expect(!pthread_sigmask(SIG_SETMASK, &mask, NULL));
	expect_eq(handled, 1);
	mask_is(&mask, 0);
	return 0;
}

START_TEST(blocked_and_sent)
{
	struct worker w = { .run = read_with_a_mask };

	begin(&w, 0);
	/* while it is blocked, and while it is held */
	send_to(&w);
	server_expect_none(&boss);
	expect_eq(write(ends[1], "x", 1), 1);
	comes_back(&w, UMCG_EV_WAKE);
	send_to(&w);
	sleep_ns(10 * MSEC);
	ck_assert_uint_eq(step_get(&w), 1);
	server_expect_none(&boss);
	server_finish(&boss, &w);
	ck_assert_uint_eq(handled, 1);
}
END_TEST

/* --- calls with a mask of their own -------------------------------------- */

static int with_ppoll(const sigset_t *mask)
{
	struct pollfd p = { .fd = ends[0], .events = POLLIN };

	return ppoll(&p, 1, NULL, mask);
}

static int with_pselect(const sigset_t *mask)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return pselect(ends[0] + 1, &set, NULL, NULL, NULL, mask);
}

static int with_epoll_pwait(const sigset_t *mask)
{
	struct epoll_event e = { .events = EPOLLIN };
	int result, fd = expect_sys(epoll_create1(0));

	expect_sys(epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &e));
	result = epoll_pwait(fd, &e, 1, -1, mask);
	return close(fd) ? -2 : result;
}

static int with_sigsuspend(const sigset_t *mask)
{
	return sigsuspend(mask);
}

static int (*const calls[])(const sigset_t *) = {
	with_ppoll, with_pselect, with_epoll_pwait, with_sigsuspend,
};

#define CALLS	4

/* Interrupted, as the mask in the call lets it; the one around it does not. */
static long wait_with_another_mask(struct worker *w)
{
	int (*call)(const sigset_t *) = w->arg;
	sigset_t mask, other;

	block_some(&mask);
	other = mask;
	sigdelset(&other, SIGUSR1);
	step_set(w, 1);
	expect_eq(call(&other), -1);
	expect_eq(errno, EINTR);
	expect_eq(handled, 1);
	mask_is(&mask, 1);
	step_set(w, 2);
	if (call == with_sigsuspend)
		return 0;
	/* and once it is ready, it is not: what comes then stays pending */
	expect_eq(call(&other), 1);
	mask_is(&mask, 1);
	expect_eq(handled, 1);
	step_set(w, 3);
	expect(!pthread_sigmask(SIG_SETMASK, &other, NULL));
	expect_eq(handled, 2);
	return 0;
}

START_TEST(a_mask_for_the_call)
{
	struct worker w = { .run = wait_with_another_mask, .arg = calls[_i] };

	begin(&w, SA_RESTART);
	send_to(&w);
	comes_back(&w, UMCG_EV_WAKE);
	if (_i == CALLS - 1) {
		server_finish(&boss, &w);
		return;
	}
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	ck_assert_uint_eq(step_get(&w), 2);
	expect_eq(write(ends[1], "x", 1), 1);
	comes_back(&w, UMCG_EV_WAKE);
	send_to(&w);
	sleep_ns(10 * MSEC);
	ck_assert_uint_eq(step_get(&w), 2);
	ck_assert_uint_eq(handled, 1);
	server_finish(&boss, &w);
	ck_assert_uint_eq(handled, 2);
}
END_TEST

/* --- EINTR where Linux has it -------------------------------------------- */

static long read_and_note(struct worker *w)
{
	char byte;
	long n;

	step_set(w, 1);
	n = read(ends[0], &byte, 1);
	if (n < 0)
		n = -errno;
	step_set(w, 2);
	if (n == -EINTR)
		expect_eq(read(ends[0], &byte, 1), 1);
	return n;
}

/* _i: without SA_RESTART, with it */
START_TEST(reading)
{
	struct worker w = { .run = read_and_note, .result = 0x5a5a };

	begin(&w, _i ? SA_RESTART : 0);
	send_to(&w);
	comes_back(&w, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	ck_assert_uint_eq(handled, 1);
	ck_assert_uint_eq(step_get(&w), _i ? 1 : 2);
	expect_eq(write(ends[1], "x", 1), 1);
	comes_back(&w, UMCG_EV_WAKE);
	/* its call is over: it does not become EINTR for that */
	send_to(&w);
	server_finish(&boss, &w);
	ck_assert_uint_eq(handled, 2);
	ck_assert_int_eq(w.result, _i ? 1 : -EINTR);
}
END_TEST

static long read_then_wait(struct worker *w)
{
	char byte;

	expect_eq(read(ends[0], &byte, 1), 1);
	step_set(w, 1);
	return umcg_run(group, worker_slot(w), 0, 0, 0);
}

/* WAIT is not restarted, whatever the handler's flags say. */
START_TEST(waiting)
{
	struct worker w = { .run = read_then_wait, .result = 0x5a5a };

	begin(&w, _i ? SA_RESTART : 0);
	expect_eq(write(ends[1], "x", 1), 1);
	comes_back(&w, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	send_to(&w);
	comes_back(&w, UMCG_EV_SIGNAL);
	server_finish(&boss, &w);
	ck_assert_uint_eq(handled, 1);
	ck_assert_int_eq(w.result, -EINTR);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("signals_masks");

	ADD(s, blocked_and_sent, 20);
	ADD_LOOP(s, a_mask_for_the_call, 20, CALLS);
	ADD_LOOP(s, reading, 20, 2);
	ADD_LOOP(s, waiting, 20, 2);
	return s;
}
