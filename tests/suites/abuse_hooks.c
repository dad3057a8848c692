// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody's processes have as many threads as they can stay in the places where we
 * have our probes: held with a frame built, stopped, stopped by a debugger, dead
 * and not waited for. Another process still gets all it was promised: the probes
 * hold nothing that could run out.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"

#define CROWD	64
#define ROUNDS	50
#define STACK	(64 * 1024)

/* Of all attackers; they do not wait for each other. */
struct crowd {
	int held; /* all of them, for their debugger */
	int ready;
	pid_t tids[CROWD];
};

static struct crowd *crowd;

static struct umcg_group *group;
static int handled;

static void handler(int signal)
{
	(void)signal;
	__atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
}

static void *be_held(void *arg)
{
	pid_t *tid = arg;

	__atomic_store_n(tid, gettid(), __ATOMIC_SEQ_CST);
	/* nobody will ever switch to it */
	umcg_register_worker(group, 0, 0);
	return arg;
}

static bool all_there(void)
{
	int i;

	for (i = 0; i < CROWD; i++)
		if (!__atomic_load_n(&crowd->tids[i], __ATOMIC_SEQ_CST))
			return false;
	return true;
}

static bool all_held(void)
{
	int i;

	for (i = 1; i <= CROWD; i++)
		if (UMCG_STATE(umcg_state(umcg_slot(group, i + 1))) !=
		    UMCG_TASK_RUNNABLE)
			return false;
	return true;
}

static void hold_a_crowd(void)
{
	pthread_attr_t attr;
	pthread_t id;
	int i;

	signal(SIGUSR1, handler);
	/* a process that has changed its user cannot be debugged otherwise */
	prctl(PR_SET_DUMPABLE, 1);
	group = open_group();
	expect(umcg_register_server(group, 0) > 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (i = 0; i < CROWD; i++)
		expect(!pthread_create(&id, &attr, be_held, &crowd->tids[i]));
	wait_for(all_there());
	wait_for(all_held());
}

static void ready(void)
{
	__atomic_store_n(&crowd->ready, 1, __ATOMIC_SEQ_CST);
	pause();
}

/* Each with a frame built, and more signals than that. */
static void held_with_frames(void *arg)
{
	int i, j;

	(void)arg;
	hold_a_crowd();
	for (j = 0; j < 3; j++)
		for (i = 0; i < CROWD; i++)
			expect_sys(tgkill(getpid(), crowd->tids[i], SIGUSR1));
	ready();
}

static void stopped(void *arg)
{
	(void)arg;
	hold_a_crowd();
	__atomic_store_n(&crowd->ready, 1, __ATOMIC_SEQ_CST);
	raise(SIGSTOP);
}

static void debug(pid_t tid)
{
	int status;

	expect_sys(ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_EXITKILL));
	expect_sys(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL));
	expect_sys(waitpid(tid, &status, __WALL));
	expect(WIFSTOPPED(status));
}

/* All stopped; or stopped and then killed, and never waited for. */
static void debugged(void *arg)
{
	const bool *dead = arg;
	pid_t pid = expect_sys(fork());
	siginfo_t info;
	int i;

	if (!pid) {
		/* on its own, if its debugger dies first */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		hold_a_crowd();
		__atomic_store_n(&crowd->held, 1, __ATOMIC_SEQ_CST);
		pause();
	}
	wait_for(__atomic_load_n(&crowd->held, __ATOMIC_SEQ_CST));
	for (i = 0; i < CROWD; i++)
		debug(crowd->tids[i]);
	if (*dead) {
		kill(pid, SIGKILL);
		for (i = 0; i < CROWD; i++)
			expect_sys(waitid(P_PID, crowd->tids[i], &info,
					  WEXITED | WNOWAIT | __WALL));
	}
	ready();
}

static long park_often(struct worker *w)
{
	unsigned int i;
	int error;

	for (i = 0; i < ROUNDS; i++) {
		error = umcg_run(w->group, worker_slot(w), 0, 0, 0);
		expect_eq(error, -EINTR);
		expect_eq(__atomic_load_n(&handled, __ATOMIC_SEQ_CST), i + 1);
		step_set(w, i + 1);
	}
	return 0;
}

static int pipe_ends[2];

static long block_once(struct worker *w)
{
	char byte;

	(void)w;
	return read(pipe_ends[0], &byte, 1);
}

/* Its blocks and its wake-ups are seen; it is held; its exit is told. */
static void blocks_are_told(struct server *s)
{
	struct worker w = { .run = block_once };
	int i;

	for (i = 0; i < ROUNDS; i++) {
		worker_hire(s, &w);
		ck_assert_uint_eq(server_run(s, &w), UMCG_CUR_BLOCK);
		expect_eq(write(pipe_ends[1], "x", 1), 1);
		server_expect(s, &w, UMCG_EV_WAKE);
		server_finish(s, &w);
		ck_assert_int_eq(w.result, 1);
	}
}

/* No handler runs before its worker is switched to, and each does then. */
static void handlers_wait(struct server *s)
{
	struct worker w = { .run = park_often };
	unsigned int i;

	signal(SIGUSR1, handler);
	worker_hire(s, &w);
	ck_assert_uint_eq(server_run(s, &w), UMCG_CUR_WAIT);
	for (i = 0; i < ROUNDS; i++) {
		ck_assert_int_eq(pthread_kill(w.thread, SIGUSR1), 0);
		server_expect(s, &w, UMCG_EV_SIGNAL);
		ck_assert_int_eq(__atomic_load_n(&handled, __ATOMIC_SEQ_CST),
				 i);
		ck_assert_uint_eq(step_get(&w), i);
		ck_assert_uint_eq(server_run(s, &w), i + 1 < ROUNDS ?
				  UMCG_CUR_WAIT : UMCG_CUR_EXIT);
	}
	pthread_join(w.thread, NULL);
}

static bool all_are(char state)
{
	int i;

	for (i = 0; i < CROWD; i++)
		if (proc_state(crowd->tids[i]) != state)
			return false;
	return true;
}

/* While all threads of the crowd are in that state. */
static void attack(void (*run)(void *arg), char state)
{
	bool dead = state == 'Z';
	struct server s;
	pid_t pid;

	crowd = shared_memory(sizeof(*crowd));
	pid = nobody_start(run, &dead);
	wait_for(__atomic_load_n(&crowd->ready, __ATOMIC_SEQ_CST));
	wait_for(all_are(state));
	expect_sys(pipe(pipe_ends));
	server_start(&s, open_group());
	blocks_are_told(&s);
	handlers_wait(&s);
	nobody_kill(pid);
}

START_TEST(many_held_with_frames)
{
	attack(held_with_frames, 'S');
}
END_TEST

START_TEST(many_stopped)
{
	attack(stopped, 'T');
}
END_TEST

START_TEST(many_stopped_by_a_debugger)
{
	attack(debugged, 't');
}
END_TEST

START_TEST(many_dead_and_not_waited_for)
{
	attack(debugged, 'Z');
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("abuse_hooks");

	ADD(s, many_held_with_frames, 40);
	ADD(s, many_stopped, 40);
	ADD(s, many_stopped_by_a_debugger, 40);
	ADD(s, many_dead_and_not_waited_for, 40);
	return s;
}
