// SPDX-License-Identifier: GPL-2.0-only
/* arch: x86-64: calls of the first days, which newer processors do not have */
/*
 * Timers that send signals to workers: each is handled, when the worker is
 * scheduled; and what a call that one interrupts has for its result is what it is
 * in a plain thread.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "proc.h"
#include "sigtimer.h"
#include "sleeper.h"
#include "suite.h"

#define LONG	1000 /* seconds: for ever */

static int handled; /* so often */

static int times_handled(void)
{
	return __atomic_load_n(&handled, __ATOMIC_SEQ_CST);
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	expect_sys(sigaction(signal, &sa, NULL));
}

/* --- calls that are interrupted ------------------------------------------ */

static int ends[2], sockets[2], late_sockets[2], locks[2], epoll;
static __u32 word, late_word;

static long do_read(void)
{
	char byte;

	return read(ends[0], &byte, 1);
}

static void do_write(void)
{
	expect_eq(write(ends[1], "x", 1), 1);
}

static long do_recv(void)
{
	char byte;

	return recv(sockets[0], &byte, 1, 0);
}

static void do_send(void)
{
	expect_eq(send(sockets[1], "x", 1, 0), 1);
}

static long do_recv_with_a_timeout(void)
{
	char byte;

	return recv(late_sockets[0], &byte, 1, 0);
}

static long do_futex(void)
{
	return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static long do_futex_with_a_timeout(void)
{
	struct timespec t = { .tv_sec = LONG };

	return syscall(SYS_futex, &late_word, FUTEX_WAIT_PRIVATE, 0, &t, NULL,
		       0);
}

/* A wake-up alone may come between its two attempts to sleep. */
static void do_wake(void)
{
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static long do_flock(void)
{
	return flock(locks[0], LOCK_EX);
}

static void do_unlock(void)
{
	expect_sys(flock(locks[1], LOCK_UN));
}

static long do_nanosleep(void)
{
	struct timespec t = { .tv_sec = LONG };

	return syscall(SYS_nanosleep, &t, NULL);
}

static long do_clock_nanosleep(void)
{
	struct timespec t = { .tv_sec = now() / SEC + LONG };

	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t,
		       NULL);
}

static long do_poll(void)
{
	struct pollfd p = { .fd = ends[0], .events = POLLIN };

	return syscall(SYS_poll, &p, 1, -1);
}

static long do_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return syscall(SYS_select, ends[0] + 1, &set, NULL, NULL, NULL);
}

static long do_epoll(void)
{
	struct epoll_event e;

	return syscall(SYS_epoll_wait, epoll, &e, 1, -1);
}

static long do_pause(void)
{
	return syscall(SYS_pause);
}

static long do_sigtimedwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	return syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, _NSIG / 8);
}

/* @finish is for those that Linux restarts; for the others there is nothing to do. */
static const struct call {
	const char *name;
	long number;
	long (*call)(void);
	void (*finish)(void);
} calls[] = {
	{ "read", SYS_read, do_read, do_write },
	{ "recv", SYS_recvfrom, do_recv, do_send },
	{ "recv with a timeout", SYS_recvfrom, do_recv_with_a_timeout, NULL },
	{ "futex", SYS_futex, do_futex, do_wake },
	{ "futex with a timeout", SYS_futex, do_futex_with_a_timeout, NULL },
	{ "flock", SYS_flock, do_flock, do_unlock },
	{ "nanosleep", SYS_nanosleep, do_nanosleep, NULL },
	{ "clock_nanosleep", SYS_clock_nanosleep, do_clock_nanosleep, NULL },
	{ "poll", SYS_poll, do_poll, NULL },
	{ "select", SYS_select, do_select, NULL },
	{ "epoll_wait", SYS_epoll_wait, do_epoll, NULL },
	{ "pause", SYS_pause, do_pause, NULL },
	{ "sigtimedwait", SYS_rt_sigtimedwait, do_sigtimedwait, NULL },
};

#define CALLS	((int)(sizeof(calls) / sizeof(calls[0])))

/* What each call returned, and how often the handler ran meanwhile. */
struct outcome {
	long result;
	int handled;
};

/* One series: by whom, and how far it has come. */
static struct series {
	pid_t tid;
	int begun;
	struct outcome outcomes[CALLS];
} by_thread, by_worker;

static void on_timer(int signal)
{
	(void)signal;
	__atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
}

static void make_calls(struct series *s)
{
	int i, before;

	for (i = 0; i < CALLS; i++) {
		before = times_handled();
		__atomic_store_n(&s->begun, i + 1, __ATOMIC_SEQ_CST);
		s->outcomes[i].result = calls[i].call();
		if (s->outcomes[i].result < 0)
			s->outcomes[i].result = -errno;
		s->outcomes[i].handled = times_handled() - before;
	}
	__atomic_store_n(&s->begun, CALLS + 1, __ATOMIC_SEQ_CST);
}

static int begun(struct series *s)
{
	return __atomic_load_n(&s->begun, __ATOMIC_SEQ_CST);
}

static bool sleeps_in(struct series *s, int i)
{
	return begun(s) == i + 1 &&
	       proc_sleeps_in(s->tid) == calls[i].number;
}

/* Each call is interrupted once it sleeps, and finished if it sleeps again. */
static void interrupt_calls(struct series *s)
{
	timer_t timer = sigtimer_for(s->tid, SIGRTMIN);
	int i, before;

	for (i = 0; i < CALLS; i++) {
		before = times_handled();
		wait_for(sleeps_in(s, i));
		proc_settled(s->tid);
		sigtimer_in(timer, 1, 0);
		wait_for(times_handled() > before);
		wait_for(begun(s) > i + 1 || sleeps_in(s, i));
		if (begun(s) == i + 1 && calls[i].finish)
			calls[i].finish();
	}
	expect_sys(timer_delete(timer));
}

/* Nothing is ready, and everything is locked by another. */
static void prepare(void)
{
	struct timeval t = { .tv_sec = LONG };
	struct epoll_event e = { .events = EPOLLIN };
	int i;

	expect_sys(pipe(ends));
	expect_sys(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	expect_sys(socketpair(AF_UNIX, SOCK_STREAM, 0, late_sockets));
	expect_sys(setsockopt(late_sockets[0], SOL_SOCKET, SO_RCVTIMEO, &t,
			      sizeof(t)));
	for (i = 0; i < 2; i++)
		locks[i] = expect_sys(open("/proc/self/exe", O_RDONLY));
	expect_sys(flock(locks[1], LOCK_EX));
	epoll = expect_sys(epoll_create1(0));
	expect_sys(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &e));
	word = 0;
}

/* Locks are those of a file that is open. */
static void release(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		close(ends[i]);
		close(sockets[i]);
		close(late_sockets[i]);
		close(locks[i]);
	}
	close(epoll);
}

static void *as_a_thread(void *arg)
{
	struct series *s = arg;

	__atomic_store_n(&s->tid, gettid(), __ATOMIC_SEQ_CST);
	make_calls(s);
	return NULL;
}

static void run_by_thread(void)
{
	pthread_t thread;

	prepare();
	expect(!pthread_create(&thread, NULL, as_a_thread, &by_thread));
	wait_for(__atomic_load_n(&by_thread.tid, __ATOMIC_SEQ_CST));
	interrupt_calls(&by_thread);
	pthread_join(thread, NULL);
	release();
}

static long as_a_worker(struct worker *w)
{
	make_calls(w->arg);
	return 0;
}

static struct fifo fifo;

static void run_by_worker(void)
{
	struct worker w = { .run = as_a_worker, .arg = &by_worker };

	prepare();
	fifo_start(&fifo, open_group(), 1);
	worker_start(&w, fifo.group, fifo_home(&fifo, 0));
	by_worker.tid = w.tid;
	interrupt_calls(&by_worker);
	pthread_join(w.thread, NULL);
	wait_for(fifo_ended(&fifo) == 1);
	fifo_stop(&fifo);
}

/* _i: without SA_RESTART, with it */
START_TEST(results_are_those_of_a_thread)
{
	int i, restarted = 0;

	handle(SIGRTMIN, on_timer, _i ? SA_RESTART : 0);
	run_by_thread();
	run_by_worker();
	for (i = 0; i < CALLS; i++) {
		if (by_worker.outcomes[i].result != by_thread.outcomes[i].result)
			ck_abort_msg("%s: %ld, not %ld", calls[i].name,
				     by_worker.outcomes[i].result,
				     by_thread.outcomes[i].result);
		ck_assert_int_eq(by_thread.outcomes[i].handled, 1);
		ck_assert_int_eq(by_worker.outcomes[i].handled, 1);
		restarted += by_worker.outcomes[i].result != -EINTR;
	}
	ck_assert_int_eq(restarted, _i ? 4 : 0);
}
END_TEST

/* --- a timer for one that is held ---------------------------------------- */

static struct server boss;
static unsigned int step_at_handler;

static long note_step(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

static struct worker held = { .run = note_step };

static void on_alarm(int signal)
{
	expect_eq(worker_state(&held), UMCG_TASK_RUNNING);
	step_at_handler = step_get(&held);
	on_timer(signal);
}

static void by_setitimer(int signal)
{
	struct itimerval t = { .it_value.tv_usec = 1 };

	(void)signal;
	expect_sys(setitimer(ITIMER_REAL, &t, NULL));
}

static void by_alarm(int signal)
{
	(void)signal;
	alarm(1);
}

static void by_timer_to_the_thread(int signal)
{
	sigtimer_in(sigtimer_for(held.tid, signal), 1, 0);
}

static void by_timer_to_the_process(int signal)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = signal };
	timer_t timer;

	expect_sys(timer_create(CLOCK_REALTIME, &event, &timer));
	sigtimer_in(timer, 1, 0);
}

/* One frame is built in a hold; what came after it is handled after that. */
static void by_timer_that_repeats(int signal)
{
	timer_t timer = sigtimer_for(held.tid, signal);

	sigtimer_in(timer, 1, MSEC);
	wait_for(proc_signal_in(held.tid, "SigBlk", signal));
	sigtimer_in(timer, 0, 0);
}

static void (*const timers[])(int) = { by_setitimer, by_alarm,
				       by_timer_to_the_thread,
				       by_timer_to_the_process,
				       by_timer_that_repeats };

#define TIMERS	((int)(sizeof(timers) / sizeof(timers[0])))

/* Nobody else takes it: it has the worker leave its hold, and come back to it. */
START_TEST(to_one_that_is_held)
{
	sigset_t alarms;

	handle(SIGALRM, on_alarm, 0);
	server_start(&boss, open_group());
	worker_hire(&boss, &held);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	expect(!pthread_sigmask(SIG_BLOCK, &alarms, NULL));
	timers[_i](SIGALRM);
	wait_for(proc_signal_in(held.tid, "SigBlk", SIGALRM));
	proc_settled(held.tid);
	ck_assert_int_eq(times_handled(), 0);
	ck_assert_uint_eq(step_get(&held), 0);
	server_finish(&boss, &held);
	ck_assert_int_ge(times_handled(), 1);
	ck_assert_int_le(times_handled(), timers[_i] == by_timer_that_repeats ?
						  2 : 1);
	ck_assert_uint_eq(step_at_handler, 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("timers");

	ADD_LOOP(s, results_are_those_of_a_thread, 60, 2);
	ADD_LOOP(s, to_one_that_is_held, 30, TIMERS);
	return s;
}
