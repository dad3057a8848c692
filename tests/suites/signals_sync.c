// SPDX-License-Identifier: GPL-2.0-only
/*
 * A signal that the kernel takes for the thread's own doing, though it is not, goes
 * before all others, and by another way than they do.
 *
 * Here to a worker that has handed over, whose WAIT was stopped and continued, and
 * which is held on its way to calling it again. Its next_tid has UMCG_TID_RUNNING by
 * now: called again after the handler, WAIT must park, not find that wrong.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "proc.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;
static struct worker other;
static int handled;

static void handler(int signal)
{
	(void)signal;
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static long park_often(struct worker *w)
{
	while (!step_get(w))
		worker_park(w);
	return 0;
}

static long hand_over(struct worker *w)
{
	expect_sys(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
	return umcg_run(group, worker_slot(w), other.tid, 0, 0);
}

/* Somebody stops this process, sees that the thread has stopped, lets it go on. */
static void stop_and_continue(pid_t tid)
{
	pid_t child = expect_sys(fork()), parent;

	if (!child) {
		parent = getppid();
		kill(parent, SIGSTOP);
		wait_for(proc_state(parent) == 'T' && proc_state(tid) == 'T');
		kill(parent, SIGCONT);
		_exit(0);
	}
	ended_well(child);
	wait_for(proc_state(tid) == 'S');
}

/*
 * Another process finds a page bad that it shares with this one: here the kernel
 * tells the thread that wants to know such things early. false: it cannot be made to.
 */
static bool poison_a_page(void)
{
	long size = sysconf(_SC_PAGESIZE);
	volatile char *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0x5a5a;
	pid_t child;

	expect(page != MAP_FAILED);
	*page = 1;
	child = expect_sys(fork());
	if (!child) {
		*page = 2;
		_exit(madvise((void *)page, size, MADV_HWPOISON) ? 1 : 0);
	}
	expect_sys(waitpid(child, &status, 0));
	return status == 0;
}

START_TEST(to_one_whose_wait_is_called_again)
{
	struct sigaction sa = { .sa_handler = handler };
	struct worker w = { .run = hand_over };
	__u32 cur;

	expect_sys(sigaction(SIGBUS, &sa, NULL));
	group = open_group();
	server_start(&boss, group);
	other.run = park_often;
	worker_hire(&boss, &w);
	worker_hire(&boss, &other);
	ck_assert_int_eq(server_switch(&boss, &w, 0), 0);
	while (UMCG_CUR_WHY(cur = umcg_cur(boss.self)) == UMCG_CUR_RUNNING)
		umcg_wait(group, 0, 0);
	ck_assert_uint_eq(cur, other.args.slot | UMCG_CUR_WAIT);
	ck_assert_uint_eq(umcg_next_tid(worker_slot(&w)),
			  other.tid | UMCG_TID_RUNNING);
	stop_and_continue(w.tid);
	if (!poison_a_page())
		skip("this kernel has no memory failures");
	server_expect(&boss, &w, UMCG_EV_SIGNAL);
	ck_assert_int_eq(handled, 0);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_int_eq(handled, 1);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, 0);
	step_set(&other, 1);
	server_finish(&boss, &other);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("signals_sync");

	ADD(s, to_one_whose_wait_is_called_again, 20);
	return s;
}
