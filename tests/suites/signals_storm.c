// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hundred workers under a storm of signals: each that was sent is handled, once,
 * by a worker that has been scheduled.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "proc.h"
#include "suite.h"

#define WORKERS		100
#define SENDERS		2
#define STORM_NS	(1 * SEC)
#define STORM_MIN	100	/* of each sender, however slow the machine is */
#define STORM_MAX	20000
#define TO_ONE		(SIGRTMIN + 1)	/* thread-directed */
#define TO_ALL		(SIGRTMIN + 2)	/* to the process */

static struct umcg_group *group;
static struct fifo fifo;

/* A worker, what was sent to it, what has arrived: numbers and sums of values. */
static struct target {
	struct worker worker;
	int ends[2];
	unsigned long sent, sent_sum, got, got_sum;
} targets[WORKERS];

static __thread struct target *self;
static unsigned long to_all, from_all, alarms[65];
static bool over;

/* Only who is scheduled runs any code, a handler's too. */
static void is_scheduled(void)
{
	expect(self);
	expect_eq(worker_state(&self->worker), UMCG_TASK_RUNNING);
}

static void on_one(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	is_scheduled();
	self->got++;
	self->got_sum += info->si_value.sival_int;
}

static void on_any(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	is_scheduled();
	if (signal == TO_ALL)
		__atomic_add_fetch(&from_all, 1, __ATOMIC_SEQ_CST);
	else
		__atomic_add_fetch(&alarms[signal], 1, __ATOMIC_SEQ_CST);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction sa = { .sa_sigaction = handler,
				.sa_flags = SA_SIGINFO | SA_RESTART };

	expect_sys(sigaction(signal, &sa, NULL));
}

/* For everybody but the workers, who inherit it, too, and undo it. */
static void block_all(int how)
{
	sigset_t all;

	sigfillset(&all);
	expect(!pthread_sigmask(how, &all, NULL));
}

static bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_SEQ_CST);
}

static bool has_all(struct target *t)
{
	return __atomic_load_n(&t->got, __ATOMIC_SEQ_CST) ==
	       __atomic_load_n(&t->sent, __ATOMIC_SEQ_CST);
}

static int wait_or_be_interrupted(__u32 flags)
{
	int error = umcg_run(group, worker_slot(&self->worker), 0, flags, 0);

	expect(!error || error == -EINTR);
	return error;
}

/* Each in its own way: computes and yields, reads, parks, or sleeps. */
static long live(struct worker *w)
{
	struct timespec nap = { 0, 200 * USEC };
	int way;
	char byte;

	self = w->arg;
	way = (self - targets) % 4;
	block_all(SIG_UNBLOCK);
	while (!is_over()) {
		step_set(w, step_get(w) + 1);
		if (way == 0)
			wait_or_be_interrupted(UMCG_WAIT_ENQUEUE);
		else if (way == 1)
			expect_eq(read(self->ends[0], &byte, 1), 1);
		else if (way == 2)
			wait_or_be_interrupted(0);
		else if (nanosleep(&nap, NULL))
			expect_eq(errno, EINTR);
	}
	/* nothing is sent any more, and what was is to arrive */
	while (!has_all(self) || __atomic_load_n(&from_all, __ATOMIC_SEQ_CST) !=
					 to_all)
		wait_or_be_interrupted(UMCG_WAIT_ENQUEUE);
	return 0;
}

static void begin(void)
{
	int i;

	block_all(SIG_BLOCK);
	group = open_group();
	fifo_start(&fifo, group, 2);
	for (i = 0; i < WORKERS; i++) {
		targets[i].worker.run = live;
		targets[i].worker.arg = &targets[i];
		expect_sys(pipe(targets[i].ends));
		worker_start(&targets[i].worker, group,
			     fifo_home(&fifo, i % 3 - 1));
	}
	for (i = 0; i < WORKERS; i++)
		wait_for(step_get(&targets[i].worker));
}

/* Until all have gone, who blocks is written to and who parks is woken. */
static void finish(void)
{
	int i;

	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < WORKERS; i++) {
		if (i % 4 == 1)
			expect_eq(write(targets[i].ends[1], "x", 1), 1);
		/* a signal may have had it leave its WAIT, and go, before */
		if (i % 4 == 2)
			umcg_wake(group, targets[i].worker.tid);
	}
	for (i = 0; i < WORKERS; i++)
		pthread_join(targets[i].worker.thread, NULL);
	wait_for(fifo_ended(&fifo) == WORKERS);
	fifo_stop(&fifo);
}

static pthread_mutex_t to_all_lock = PTHREAD_MUTEX_INITIALIZER;

/* Too many are pending: let them be handled first. */
static void send_one(struct target *t, int value)
{
	union sigval v = { .sival_int = value };
	int error;

	/* counted before it can arrive; there are several who send */
	__atomic_add_fetch(&t->sent, 1, __ATOMIC_SEQ_CST);
	while ((error = pthread_sigqueue(t->worker.thread, TO_ONE, v)) == EAGAIN)
		sleep_ns(MSEC);
	expect_eq(error, 0);
	__atomic_add_fetch(&t->sent_sum, value, __ATOMIC_SEQ_CST);
}

static void send_all(void)
{
	union sigval v = { .sival_int = 1 };

	pthread_mutex_lock(&to_all_lock);
	to_all++;
	while (sigqueue(getpid(), TO_ALL, v)) {
		expect_eq(errno, EAGAIN);
		sleep_ns(MSEC);
	}
	pthread_mutex_unlock(&to_all_lock);
}

static void *storm(void *arg)
{
	unsigned int seed = (uintptr_t)arg, n = 0;
	__u64 end = now() + STORM_NS;

	while (n++ < STORM_MIN || (n <= STORM_MAX && now() < end)) {
		send_one(&targets[rand_r(&seed) % WORKERS], n % 7 + 1);
		if (n % 16 == 0)
			send_all();
	}
	return NULL;
}

START_TEST(every_one_arrives)
{
	unsigned long sent = 0;
	pthread_t senders[SENDERS];
	uintptr_t i;

	handle(TO_ONE, on_one);
	handle(TO_ALL, on_any);
	begin();
	for (i = 0; i < SENDERS; i++)
		expect(!pthread_create(&senders[i], NULL, storm, (void *)i));
	for (i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	finish();
	for (i = 0; i < WORKERS; i++) {
		ck_assert_uint_eq(targets[i].got, targets[i].sent);
		ck_assert_uint_eq(targets[i].got_sum, targets[i].sent_sum);
		sent += targets[i].sent;
	}
	ck_assert_uint_eq(from_all, to_all);
	note("%lu signals to %d workers, %lu to all of them", sent, WORKERS,
	     to_all);
	fifo_note(&fifo, "meanwhile");
	ck_assert_uint_gt(sent, WORKERS);
	ck_assert_uint_gt(to_all, 0);
}
END_TEST

static bool none_pending(void)
{
	sigset_t pending;

	expect_sys(sigpending(&pending));
	return !sigismember(&pending, SIGALRM) &&
	       !sigismember(&pending, SIGVTALRM) &&
	       !sigismember(&pending, SIGPROF);
}

/* The process's timers: somebody of those who may handles each in the end. */
START_TEST(interval_timers)
{
	static const int timers[] = { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };
	static const int signals[] = { SIGALRM, SIGVTALRM, SIGPROF };
	struct itimerval t = { { 0, 5000 }, { 0, 5000 } };
	__u64 begun, lasted;
	int i;

	for (i = 0; i < 3; i++)
		handle(signals[i], on_any);
	begin();
	begun = now();
	for (i = 0; i < 3; i++)
		expect_sys(setitimer(timers[i], &t, NULL));
	sleep_ns(SEC);
	/* two of them go by the CPU time that the process gets */
	for (i = 0; i < 3; i++)
		wait_for(__atomic_load_n(&alarms[signals[i]], __ATOMIC_SEQ_CST));
	memset(&t, 0, sizeof(t));
	for (i = 0; i < 3; i++)
		expect_sys(setitimer(timers[i], &t, NULL));
	lasted = now() - begun;
	/* blocked here, so what nobody has handled can be seen */
	wait_for(none_pending());
	finish();
	for (i = 0; i < 3; i++) {
		note("signal %d: handled %lu times", signals[i],
		     alarms[signals[i]]);
		ck_assert_uint_gt(alarms[signals[i]], 0);
		/* two of them count the time of each processor */
		ck_assert_uint_le(alarms[signals[i]],
				  cpu_count() * lasted / (5 * MSEC) + 1);
	}
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("signals_storm");

	ADD(s, every_one_arrives, 60);
	ADD(s, interval_timers, 60);
	return s;
}
