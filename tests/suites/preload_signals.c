// SPDX-License-Identifier: GPL-2.0-only
/* Signals and timers, of programs as they are and under umcg run: the same. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "meaning.h"
#include "suite.h"

static sem_t sem, go;
static pthread_t handled_by;
static volatile sig_atomic_t handled, value, interrupted;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)context;
	handled_by = pthread_self();
	value = info->si_value.sival_int;
	handled = signal;
}

static void handle(int signal, int flags)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigaction(signal, &sa, NULL);
}

static void wait_handled(int signal)
{
	while (handled != signal)
		usleep(1000);
	handled = 0;
}

static sigset_t set_of(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	return set;
}

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t t;
	int error = pthread_create(&t, NULL, fn, arg);

	if (error)
		tell("pthread_create: %d", error);
	return t;
}

/* --- to a thread, to the process --------------------------------------------------- */

static void *waits(void *unused)
{
	sem_post(&sem);
	while (sem_wait(&go) && errno == EINTR)
		interrupted++;
	return unused;
}

static void *computes(void *unused)
{
	sem_post(&sem);
	while (!handled)
		__asm__ volatile("" ::: "memory");
	return unused;
}

static int show_directed(void)
{
	sigset_t usr1 = set_of(SIGUSR1);
	union sigval v = { .sival_int = 42 };
	pthread_t t;

	sem_init(&sem, 0, 0);
	sem_init(&go, 0, 0);
	handle(SIGUSR1, 0);
	handle(SIGUSR2, SA_RESTART);
	t = start(waits, NULL);
	sem_wait(&sem);
	meaning_scheduled();
	usleep(20000);
	tell("kill %d", pthread_kill(t, SIGUSR1));
	wait_handled(SIGUSR1);
	tell("by it: %d", pthread_equal(handled_by, t));
	/* blocked here, so it is the other's */
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	tell("process %d", kill(getpid(), SIGUSR1));
	wait_handled(SIGUSR1);
	tell("by it: %d", pthread_equal(handled_by, t));
	sem_post(&go);
	pthread_join(t, NULL);
	tell("interrupted: %d", interrupted > 0);
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	tell("queue %d", pthread_sigqueue(pthread_self(), SIGUSR2, v));
	tell("at once %d, %d, by me: %d", handled == SIGUSR2, value,
	     !!pthread_equal(handled_by, pthread_self()));
	handled = 0;
	t = start(computes, NULL);
	sem_wait(&sem);
	tell("kill %d", pthread_kill(t, SIGUSR2));
	pthread_join(t, NULL);
	tell("raise %d", raise(SIGUSR1));
	tell("at once: %d", handled == SIGUSR1);
	tell("ok");
	return 0;
}

static void *waits_for_it(void *set)
{
	int signal = 0;

	if (sigwait(set, &signal))
		tell("sigwait failed");
	handled = signal;
	return NULL;
}

static int show_sigwait(void)
{
	sigset_t term = set_of(SIGTERM), pending;
	struct timespec soon = { 0, 30000000 };
	pthread_t t;
	siginfo_t info;

	pthread_sigmask(SIG_BLOCK, &term, NULL);
	t = start(waits_for_it, &term);
	usleep(20000);
	meaning_scheduled();
	tell("kill %d", kill(getpid(), SIGTERM));
	pthread_join(t, NULL);
	tell("it is %d", handled == SIGTERM);
	tell("kill %d", kill(getpid(), SIGTERM));
	sigpending(&pending);
	tell("pending %d", sigismember(&pending, SIGTERM));
	tell("waited %d", sigwaitinfo(&term, &info) == SIGTERM && info.si_pid == getpid());
	tell("none: %d", sigtimedwait(&term, &info, &soon) == -1 && errno == EAGAIN);
	tell("ok");
	return 0;
}

/* --- timers --------------------------------------------------------------------------- */

static void notified(union sigval v)
{
	value = v.sival_int;
	sem_post(&sem);
}

static timer_t timer_of(struct sigevent *event, long ms)
{
	struct itimerspec in = { { 0, 0 }, { 0, ms * 1000000 } };
	timer_t timer = NULL;

	if (timer_create(CLOCK_MONOTONIC, event, &timer) ||
	    timer_settime(timer, 0, &in, NULL))
		tell("timer: %d", errno);
	return timer;
}

static int show_timers(void)
{
	struct itimerval in = { { 0, 0 }, { 0, 20000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL };
	timer_t timer;

	sem_init(&sem, 0, 0);
	handle(SIGALRM, 0);
	handle(SIGUSR1, 0);
	tell("setitimer %d", setitimer(ITIMER_REAL, &in, NULL));
	wait_handled(SIGALRM);
	event.sigev_signo = SIGUSR1;
	event.sigev_value.sival_int = 11;
	timer = timer_of(&event, 20);
	wait_handled(SIGUSR1);
	tell("signal with %d, delete %d", value, timer_delete(timer));
	event.sigev_notify = SIGEV_THREAD;
	event.sigev_value.sival_int = 12;
	event.sigev_notify_function = notified;
	timer = timer_of(&event, 20);
	while (sem_wait(&sem))
		;
	tell("thread with %d, delete %d", value, timer_delete(timer));
	handle(SIGPROF, SA_RESTART);
	in.it_value.tv_usec = 30000;
	setitimer(ITIMER_PROF, &in, NULL);
	while (handled != SIGPROF)
		__asm__ volatile("" ::: "memory");
	tell("profiled");
	tell("ok");
	return 0;
}

/* --- on a stack of its own, out of a fault, and the end ---------------------------------- */

static char other_stack[64 * 1024];
static int on_it;

static void where(int signal)
{
	char here;

	(void)signal;
	on_it = &here >= other_stack && &here < other_stack + sizeof(other_stack);
}

static void skip_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	tell("fault at %p", info->si_addr);
	tell("ok");
	_exit(5);
}

static void *faults(void *unused)
{
	static volatile int *volatile nowhere = (int *)16;

	*nowhere = 1;
	return unused;
}

static int show_faults(void)
{
	struct sigaction on_stack = { .sa_handler = where, .sa_flags = SA_ONSTACK };
	struct sigaction fault = { .sa_sigaction = skip_fault, .sa_flags = SA_SIGINFO };
	stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) };

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &on_stack, NULL);
	raise(SIGUSR1);
	tell("on its stack: %d", on_it);
	sigaction(SIGSEGV, &fault, NULL);
	pthread_join(start(faults, NULL), NULL);
	return 0;
}

static int show_kill(void)
{
	tell("ok");
	kill(getpid(), SIGKILL);
	pause();
	return 0;
}

static int show_term(void)
{
	sem_init(&sem, 0, 0);
	sem_init(&go, 0, 0);
	start(waits, NULL);
	sem_wait(&sem);
	tell("ok");
	kill(getpid(), SIGTERM);
	pause();
	return 0;
}

static void *aborts(void *unused)
{
	abort();
	return unused;
}

static int show_abort(void)
{
	tell("ok");
	pthread_join(start(aborts, NULL), NULL);
	return 0;
}

static int show_stop(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		sem_init(&sem, 0, 0);
		start(computes, NULL);
		for (;;)
			pause();
	}
	usleep(50000);
	tell("stop %d", kill(pid, SIGSTOP));
	tell("stopped %d", waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	tell("continue %d", kill(pid, SIGCONT));
	tell("continued %d", waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	tell("kill %d", kill(pid, SIGINT));
	waitpid(pid, &status, 0);
	tell("status %#x", status);
	tell("ok");
	return 0;
}

static const struct meaning meanings[] = {
	{ "directed", show_directed },
	{ "sigwaits", show_sigwait },
	{ "timers", show_timers },
	{ "fault", show_faults },
	{ "killed", show_kill },
	{ "terminated", show_term },
	{ "aborted", show_abort },
	{ "stopped", show_stop },
	{ NULL, NULL },
};

int helper_main(int argc, char **argv)
{
	return meaning_show(meanings, argc, argv);
}

START_TEST(directed)
{
	meaning_is_kept("preload_signals", "directed");
}
END_TEST

START_TEST(sigwaits)
{
	meaning_is_kept("preload_signals", "sigwaits");
}
END_TEST

START_TEST(timers)
{
	meaning_is_kept("preload_signals", "timers");
}
END_TEST

START_TEST(fault)
{
	meaning_is_kept("preload_signals", "fault");
}
END_TEST

START_TEST(killed)
{
	meaning_is_kept("preload_signals", "killed");
}
END_TEST

START_TEST(terminated)
{
	meaning_is_kept("preload_signals", "terminated");
}
END_TEST

START_TEST(aborted)
{
	meaning_is_kept("preload_signals", "aborted");
}
END_TEST

START_TEST(stopped)
{
	meaning_is_kept("preload_signals", "stopped");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("preload_signals");

	ADD(s, directed, 60);
	ADD(s, sigwaits, 60);
	ADD(s, timers, 60);
	ADD(s, fault, 60);
	ADD(s, killed, 60);
	ADD(s, terminated, 60);
	ADD(s, aborted, 60);
	ADD(s, stopped, 60);
	return s;
}
