// SPDX-License-Identifier: GPL-2.0-only
/* vm: --smp 1 --icount */
/*
 * A worker that is held in the middle of io_uring_enter() is stopped, and SIGCONT
 * takes the stop back before the worker has seen to it. The call is complete
 * meanwhile, so it puts the signal mask back and returns with no signal to look
 * at: nothing that get_signal() does leads the worker back into its hold.
 *
 *	worker, in its hold		another thread, or the sender
 *	...				takes SIGSTOP: JOBCTL_STOP_PENDING for all
 *	leaves the hold for it
 *					SIGCONT clears that
 *	the call's events are there
 *	restore_saved_sigmask(): clears TIF_SIGPENDING
 *	user mode
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "preempt.h"
#include "proc.h"
#include "suite.h"
#include "uring.h"

#define ROUNDS	400
#define GAP_NS	250 /* more with each round */
#define FREE_NS	(5 * MSEC)

static struct uring ring;
static struct server boss;
static int ends[2][2];
static int go_on;
static __u64 first, last;
static int orders[2], answers[2];

/*
 * The process that stops the other and lets it go on: before all others, so that
 * its gap ends in the middle of whatever they do.
 */
static void send_stops(pid_t whom)
{
	struct sched_param p = { .sched_priority = 1 };
	__u64 gap = 0;
	char byte;

	expect_sys(sched_setscheduler(0, SCHED_FIFO, &p));
	while (read(orders[0], &byte, 1) == 1) {
		gap += GAP_NS;
		expect_sys(kill(whom, SIGSTOP));
		sleep_ns(gap);
		expect_sys(kill(whom, SIGCONT));
		expect_eq(write(answers[1], &byte, 1), 1);
	}
	_exit(0);
}

static void sender_start(void)
{
	pid_t self = getpid();

	expect_sys(pipe(orders));
	expect_sys(pipe(answers));
	if (!expect_sys(fork())) {
		close(orders[1]);
		send_stops(self);
	}
}

static void stop_and_go(void)
{
	char byte = 0;

	expect_eq(write(orders[1], &byte, 1), 1);
	while (read(answers[0], &byte, 1) != 1)
		;
}

/* From @first to @last it ran, and before it was told: astray. */
static long wait_masked(struct worker *w)
{
	sigset_t other;
	char bytes[2];
	__u64 data, t;
	int i, n;

	(void)w;
	/* not what it is now, or there is nothing to put back */
	sigemptyset(&other);
	sigaddset(&other, SIGUSR1);
	for (i = 0; i < 2; i++)
		uring_read(&ring, ends[i][0], &bytes[i], i);
	expect_eq(uring_enter(&ring, 2, 0), 2);
	do {
		n = uring_enter_masked(&ring, 2, &other);
	} while (n == -EINTR);
	expect_eq(n, 0);
	first = now();
	last = first;
	while (t = now(), !__atomic_load_n(&go_on, __ATOMIC_SEQ_CST))
		last = t;
	for (i = 0; i < 2; i++)
		expect_eq(uring_result(&ring, &data), 1);
	return 0;
}

static bool is_held(struct worker *w)
{
	return worker_state(w) == UMCG_TASK_RUNNABLE &&
	       proc_state(w->tid) == 'S';
}

static void one_round(void)
{
	struct worker w = { .run = wait_masked };
	__u32 why;
	int i;

	go_on = 0;
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	for (i = 0; i < 2; i++) {
		expect_eq(write(ends[i][1], "x", 1), 1);
		if (i == 0)
			server_expect(&boss, &w, UMCG_EV_WAKE);
		wait_for(is_held(&w));
	}
	stop_and_go();
	/* nobody else wants the CPU now */
	sleep_ns(FREE_NS);
	wait_for(is_held(&w));
	__atomic_store_n(&go_on, 1, __ATOMIC_SEQ_CST);
	while ((why = server_run(&boss, &w)) == UMCG_CUR_BLOCK)
		server_expect(&boss, &w, UMCG_EV_WAKE);
	ck_assert_uint_eq(why, UMCG_CUR_EXIT);
	pthread_join(w.thread, NULL);
}

START_TEST(the_stop_is_taken_back)
{
	unsigned int i, times = 0;
	__u64 most = 0;

	uring_open(&ring, 8);
	if (ring.fd < 0)
		skip("no io_uring here: errno %d", -ring.fd);
	sender_start();
	for (i = 0; i < 2; i++)
		expect_sys(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]));
	server_start(&boss, open_group());
	for (i = 0; i < ROUNDS; i++) {
		one_round();
		times += last != first;
		if (last - first > most)
			most = last - first;
	}
	note("%u of %d were astray, for %llu us at most", times, ROUNDS,
	     (unsigned long long)most / 1000);
	ck_assert_uint_lt(most, FREE_NS / 5);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("stop_mid_call");

	/* so that the hold can be left for the stop before the call looks at its events */
	ADD_BETWEEN(s, the_stop_is_taken_back, 120, preempt_fully,
		    preempt_restore);
	return s;
}
