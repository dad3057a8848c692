// SPDX-License-Identifier: GPL-2.0-only
/* arch: x86-64: a breakpoint is put into its machine code, and its registers read */
/*
 * What a debugger does, call by call: it stops workers wherever they are, steps
 * one, breaks, hands it a signal. The kernel's part of that needs no server; each
 * instruction of the worker comes after a switch to it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cast.h"
#include "clock.h"
#include "proc.h"
#include "suite.h"

#define TIMES	10
#define STEPS	300
#define LOOKS	20 /* so many steps are seen not to be made */
#define ANY	1000000000

/* Shared by the debugger, which is the test, and the process it debugs. */
struct shared {
	pid_t tids[ROLES + 1];
	int ready, go;
	int turns, allowed; /* given to the worker; no more than that */
	int giving; /* one just now, or about to */
	int handled;
};

static struct shared *shared;

static int get(int *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void set(int *word, int value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static pid_t start(int (*process)(void))
{
	pid_t child;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	expect(shared != MAP_FAILED);
	child = expect_sys(fork());
	if (!child)
		_exit(process());
	wait_for(get(&shared->ready));
	return child;
}

static void stops_with(pid_t tid, int signal)
{
	int status;

	expect_eq(waitpid(tid, &status, __WALL), tid);
	expect(WIFSTOPPED(status));
	expect_eq(WSTOPSIG(status), signal);
}

/* --- stopping all of them ------------------------------------------------ */

static struct cast cast;

static int all_roles(void)
{
	int i;

	cast_start(&cast, open_group());
	for (i = 0; i < ROLES; i++)
		shared->tids[i] = cast.worker[i].tid;
	shared->tids[ROLES] = cast.boss.tid;
	set(&shared->ready, 1);
	wait_for(get(&shared->go));
	expect(cast_stands(&cast));
	cast_finish(&cast);
	return 0;
}

static void attach(pid_t tid)
{
	expect_sys(ptrace(PTRACE_ATTACH, tid, NULL, NULL));
	stops_with(tid, SIGSTOP);
}

static void seize(pid_t tid)
{
	expect_sys(ptrace(PTRACE_SEIZE, tid, NULL, NULL));
	expect_sys(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL));
	stops_with(tid, SIGTRAP);
}

/* Stopped, it can be looked at; let go, it is back where it was. */
START_TEST(stop_and_let_go)
{
	static void (*const stop[])(pid_t) = { attach, seize };
	pid_t child = start(all_roles);
	struct user_regs_struct regs;
	int i, n;

	for (i = 0; i < TIMES; i++) {
		for (n = 0; n <= ROLES; n++)
			stop[_i](shared->tids[n]);
		for (n = 0; n <= ROLES; n++) {
			expect_sys(ptrace(PTRACE_GETREGS, shared->tids[n], NULL,
					  &regs));
			ck_assert_int_eq(proc_state(shared->tids[n]), 't');
		}
		for (n = 0; n <= ROLES; n++)
			expect_sys(ptrace(PTRACE_DETACH, shared->tids[n], NULL,
					  NULL));
	}
	set(&shared->go, 1);
	ended_well(child);
}
END_TEST

/* --- one of them, instruction by instruction ----------------------------- */

static struct server boss;
static struct worker hand;

static void on_signal(int signal)
{
	(void)signal;
	expect_eq(worker_state(&hand), UMCG_TASK_RUNNING);
	set(&shared->handled, get(&shared->handled) + 1);
}

static __attribute__((noinline)) void landmark(void)
{
	__asm__ volatile("");
}

/* All that can lie between two instructions: nothing, a call, a block, a yield. */
static long wander(struct worker *w)
{
	struct timespec nap = { .tv_nsec = 1000 };
	unsigned int i;

	for (i = 0; !get(&shared->go); i++) {
		expect(getppid() > 0);
		expect(!nanosleep(&nap, NULL) || errno == EINTR);
		umcg_run(w->group, worker_slot(w), 0, UMCG_WAIT_ENQUEUE, 0);
		landmark();
	}
	return i;
}

/* It is there, and may have a turn. A debugger that has taken that back waits. */
static bool next_turn(struct worker **w, __u32 *events)
{
	set(&shared->giving, 1);
	if (get(&shared->allowed) > get(&shared->turns)) {
		*w = server_poll(&boss, events);
		if (*w)
			return true;
	}
	set(&shared->giving, 0);
	return false;
}

/* EAGAIN: it is away, and comes back by the list. */
static bool give_turn(struct worker *w)
{
	__u32 why = UMCG_CUR_NONE;

	if (server_switch(&boss, w, 0) != -EAGAIN) {
		why = server_wait(&boss, w);
		set(&shared->turns, get(&shared->turns) + 1);
	}
	set(&shared->giving, 0);
	return why != UMCG_CUR_EXIT;
}

static int one_of_them(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct worker *w;
	__u32 events;

	expect_sys(sigaction(SIGUSR1, &sa, NULL));
	hand.run = wander;
	server_start(&boss, open_group());
	worker_start(&hand, boss.group, boss.tid);
	wait_for(worker_state(&hand) == UMCG_TASK_RUNNABLE);
	shared->tids[0] = hand.tid;
	set(&shared->ready, 1);
	do {
		wait_for(next_turn(&w, &events));
	} while (!(events & UMCG_EV_EXIT) && give_turn(w));
	pthread_join(hand.thread, NULL);
	return hand.result > 0 ? 0 : 1;
}

/* Let it have turns, one at a time, until it has stopped for that signal. */
static void comes_to(pid_t tid, int signal)
{
	int status, given = get(&shared->turns);

	while (!waitpid(tid, &status, __WALL | WNOHANG)) {
		if (get(&shared->turns) == given)
			set(&shared->allowed, given + 1);
		else
			given = get(&shared->turns);
		sleep_ns(100 * USEC);
	}
	expect(WIFSTOPPED(status));
	expect_eq(WSTOPSIG(status), signal);
	/* it may have come without: what is not used up is taken back */
	set(&shared->allowed, 0);
	wait_for(!get(&shared->giving));
}

static void nothing_comes(pid_t tid)
{
	int status;

	sleep_ns(2 * MSEC);
	expect_eq(waitpid(tid, &status, __WALL | WNOHANG), 0);
}

static unsigned long pc_of(pid_t tid)
{
	struct user_regs_struct regs;

	expect_sys(ptrace(PTRACE_GETREGS, tid, NULL, &regs));
	return regs.rip;
}

static void step_often(pid_t tid)
{
	unsigned long pc = pc_of(tid);
	int i;

	for (i = 0; i < STEPS; i++) {
		expect_sys(ptrace(PTRACE_SINGLESTEP, tid, NULL, NULL));
		if (i < LOOKS)
			nothing_comes(tid);
		comes_to(tid, SIGTRAP);
		expect(pc_of(tid) != pc);
		pc = pc_of(tid);
	}
}

/* The same address in both processes: one is a copy of the other. */
static void break_at_landmark(pid_t tid)
{
	unsigned long at = (unsigned long)landmark;
	struct user_regs_struct regs;
	long code;

	errno = 0;
	code = ptrace(PTRACE_PEEKTEXT, tid, at, NULL);
	expect_eq(errno, 0);
	expect_sys(ptrace(PTRACE_POKETEXT, tid, at, (code & ~0xffL) | 0xcc));
	expect_sys(ptrace(PTRACE_CONT, tid, NULL, NULL));
	nothing_comes(tid);
	comes_to(tid, SIGTRAP);
	expect_eq(pc_of(tid), at + 1);
	expect_sys(ptrace(PTRACE_POKETEXT, tid, at, code));
	expect_sys(ptrace(PTRACE_GETREGS, tid, NULL, &regs));
	regs.rip = at;
	expect_sys(ptrace(PTRACE_SETREGS, tid, NULL, &regs));
}

START_TEST(each_step_takes_a_turn)
{
	pid_t child = start(one_of_them), tid = shared->tids[0];
	int i;

	seize(tid);
	step_often(tid);
	for (i = 0; i < TIMES; i++)
		break_at_landmark(tid);
	ck_assert_int_gt(get(&shared->turns), STEPS / 2);
	set(&shared->go, 1);
	expect_sys(ptrace(PTRACE_DETACH, tid, NULL, NULL));
	set(&shared->allowed, ANY);
	ended_well(child);
}
END_TEST

/* Its signals come to the debugger, which hands it some, and keeps others. */
START_TEST(a_signal_by_way_of_the_debugger)
{
	pid_t child = start(one_of_them), tid = shared->tids[0];
	int i;

	seize(tid);
	for (i = 0; i < 2 * TIMES; i++) {
		expect_sys(ptrace(PTRACE_CONT, tid, NULL, NULL));
		expect_sys(syscall(SYS_tgkill, child, tid, SIGUSR1));
		stops_with(tid, SIGUSR1);
		ck_assert_int_eq(get(&shared->handled), i / 2);
		expect_sys(ptrace(PTRACE_SINGLESTEP, tid, NULL,
				  i % 2 ? SIGUSR1 : 0));
		nothing_comes(tid);
		ck_assert_int_eq(get(&shared->handled), i / 2);
		comes_to(tid, SIGTRAP);
		break_at_landmark(tid);
		ck_assert_int_eq(get(&shared->handled), (i + 1) / 2);
	}
	set(&shared->go, 1);
	expect_sys(ptrace(PTRACE_DETACH, tid, NULL, NULL));
	set(&shared->allowed, ANY);
	ended_well(child);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("debugger");

	ADD_LOOP(s, stop_and_let_go, 30, 2);
	ADD(s, each_step_takes_a_turn, 60);
	ADD(s, a_signal_by_way_of_the_debugger, 60);
	return s;
}
