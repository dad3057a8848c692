// SPDX-License-Identifier: GPL-2.0-only
/*
 * setuid() and its kin are for the whole process: glibc sends a signal to every
 * thread and waits until each has handled it. A worker does so when it is
 * scheduled, not before: the call returns when all have been. So a server must not
 * make it while only itself schedules them; if another takes its list, it may.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cast.h"
#include "clock.h"
#include "fifo.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"

static struct cast cast;
static uid_t seen[ROLES]; /* by each worker, once it was scheduled again */
static int returned; /* set_uid() has */

/* A thread's own, as the kernel has it, without its help. */
static uid_t uid_of(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	return read_number(path, "Uid:\t0\t");
}

static void set_uid(uid_t uid)
{
	expect_sys(seteuid(uid));
	__atomic_store_n(&returned, 1, __ATOMIC_SEQ_CST);
}

static bool has_returned(void)
{
	return __atomic_load_n(&returned, __ATOMIC_SEQ_CST);
}

/* Of glibc. Its handler's frame is built: the mask is that of the handler. */
static bool has_frame(const struct worker *w)
{
	return proc_signal_in(w->tid, "SigBlk", 33);
}

static long look(struct worker *w)
{
	seen[w - cast.worker] = uid_of(w->tid);
	return 0;
}

/*
 * Who runs has handled it. Who does not has a handler to run and has not run it, so
 * the caller waits. (The one that is parked is queued for that; the one that was
 * never run is its server's already.)
 */
static void only_who_runs_has_it(void)
{
	struct worker *w = cast.worker;
	int i;

	wait_for(uid_of(w[ROLE_RUNNING].tid) == NOBODY);
	for (i = 0; i < ROLE_RUNNING; i++) {
		wait_for(has_frame(&w[i]));
		ck_assert_int_eq(uid_of(w[i].tid), 0);
	}
	expect(cast_stands(&cast));
	expect(!has_returned());
}

static void all_have_it(void)
{
	int i;

	for (i = 0; i < ROLES; i++)
		if (seen[i] != NOBODY)
			ck_abort_msg("the %s one has uid %d", role_names[i],
				     seen[i]);
	ck_assert_int_eq(uid_of(cast.boss.tid), NOBODY);
	expect(has_returned());
}

static void *call(void *arg)
{
	(void)arg;
	set_uid(NOBODY);
	return NULL;
}

START_TEST(by_a_plain_thread)
{
	pthread_t thread;

	cast.act = look;
	cast_start(&cast, open_group());
	expect(!pthread_create(&thread, NULL, call, NULL));
	only_who_runs_has_it();
	cast_finish(&cast);
	pthread_join(thread, NULL);
	all_have_it();
}
END_TEST

/* It blocks in that, and its server has the others run meanwhile. */
static long set_or_look(struct worker *w)
{
	if (w == &cast.worker[ROLE_RUNNING])
		set_uid(NOBODY);
	return look(w);
}

START_TEST(by_a_worker)
{
	struct worker *runs = &cast.worker[ROLE_RUNNING];

	cast.act = set_or_look;
	cast_start(&cast, open_group());
	__atomic_store_n(&cast.over, 1, __ATOMIC_SEQ_CST);
	while (server_wait(&cast.boss, runs) == UMCG_CUR_BLOCK &&
	       worker_blocked_in(runs) != SYS_futex) {
		server_expect(&cast.boss, runs, UMCG_EV_WAKE);
		server_run(&cast.boss, runs);
	}
	cast_finish(&cast);
	all_have_it();
}
END_TEST

/* --- by the server itself ------------------------------------------------ */

static struct server boss, other;
static struct worker parked;

static long park(struct worker *w)
{
	int error = umcg_run(w->group, worker_slot(w), 0, 0, 0);

	expect_eq(error, -EINTR);
	/* not from /proc: malloc() may block where its server goes on meanwhile */
	return syscall(SYS_geteuid);
}

static void *take_over(void *arg)
{
	(void)arg;
	server_start(&other, boss.group);
	wait_for(has_frame(&parked));
	/* its only server is waiting for it */
	proc_settled(boss.tid);
	expect(!has_returned());
	ck_assert_int_eq(uid_of(parked.tid), 0);
	/* the frame is built before it is queued */
	wait_for(list_newest(boss.self) == parked.args.slot);
	umcg_list_take(boss.group, boss.slot, &other.list);
	server_expect(&other, &parked, UMCG_EV_SIGNAL);
	server_finish(&other, &parked);
	return NULL;
}

START_TEST(by_a_server_whose_list_is_taken)
{
	pthread_t thread;

	parked.run = park;
	server_start(&boss, open_group());
	worker_hire(&boss, &parked);
	ck_assert_int_eq(server_run(&boss, &parked), UMCG_CUR_WAIT);
	expect(!pthread_create(&thread, NULL, take_over, NULL));
	wait_for(__atomic_load_n(&other.tid, __ATOMIC_ACQUIRE));
	set_uid(NOBODY);
	pthread_join(thread, NULL);
	ck_assert_int_eq(parked.result, NOBODY);
}
END_TEST

/* --- in the middle of everything ----------------------------------------- */

#define WORKERS	20
#define CHANGES	40

static struct fifo fifo;
static struct worker hands[WORKERS];
static bool over;

/* Whichever it is, it is that of all whose turn it is, or about to be. */
static long live(struct worker *w)
{
	unsigned int way = w - hands;

	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
		if (way % 2)
			sleep_ns(way * 100 * USEC);
		else
			umcg_run(w->group, worker_slot(w), 0, UMCG_WAIT_ENQUEUE,
				 0);
		step_set(w, step_get(w) + 1);
	}
	return 0;
}

static void change_often(void)
{
	uid_t uid;
	int i, n;

	for (i = 0; i < CHANGES; i++) {
		uid = i % 2 ? 0 : NOBODY;
		set_uid(uid);
		for (n = 0; n < WORKERS; n++)
			expect_eq(uid_of(hands[n].tid), uid);
	}
}

START_TEST(while_all_are_at_work)
{
	int i;

	fifo_start(&fifo, open_group(), 2);
	for (i = 0; i < WORKERS; i++) {
		hands[i].run = live;
		worker_start(&hands[i], fifo.group, fifo_home(&fifo, i % 3 - 1));
	}
	for (i = 0; i < WORKERS; i++)
		wait_for(step_get(&hands[i]));
	change_often();
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < WORKERS; i++)
		pthread_join(hands[i].thread, NULL);
	wait_for(fifo_ended(&fifo) == WORKERS);
	fifo_stop(&fifo);
	fifo_note(&fifo, "meanwhile");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("setxid");

	ADD(s, by_a_plain_thread, 20);
	ADD(s, by_a_worker, 20);
	ADD(s, by_a_server_whose_list_is_taken, 20);
	ADD(s, while_all_are_at_work, 60);
	return s;
}
