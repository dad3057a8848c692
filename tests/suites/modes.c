// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a busy server is told when a worker comes back: as a rule not, with
 * NOTIFY it is. Who else is told with SHARED: see shared.c.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "reader.h"
#include "suite.h"

#define READERS	8

static struct umcg_group *group;
static struct server boss;
static int stop;

static struct reader readers[READERS];
static struct worker spinner = { .run = worker_spin, .arg = &stop };

/* The caller becomes a server with so many blocked workers and one that spins. */
static void begin(__u32 modes, int count)
{
	int i;

	group = open_group();
	server_start_as(&boss, group, modes, 0);
	for (i = 0; i < count; i++)
		reader_start(&readers[i], &boss);
	worker_hire(&boss, &spinner);
}

static bool asleep_with_a_runner(void)
{
	return umcg_cur(boss.self) ==
		       (spinner.args.slot | UMCG_CUR_RUNNING) &&
	       proc_state(boss.tid) == 'S';
}

static void end_spinning(void)
{
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
}

static void *wake_all(void *arg)
{
	struct proc_switches before, after;
	int i;

	(void)arg;
	wait_for(asleep_with_a_runner());
	before = proc_settled(boss.tid);
	for (i = 0; i < READERS; i++) {
		reader_write(&readers[i], 'q');
		/* on the list, or the next one may be there before it */
		wait_for(list_newest(boss.self) == readers[i].worker.args.slot);
	}
	sleep_ns(20 * MSEC);
	after = proc_switches(boss.tid);
	expect_eq(after.voluntary, before.voluntary);
	expect_eq(after.involuntary, before.involuntary);
	expect(asleep_with_a_runner());
	end_spinning();
	return NULL;
}

START_TEST(quiet)
{
	pthread_t thread;
	int i;

	begin(0, READERS);
	expect(!pthread_create(&thread, NULL, wake_all, NULL));
	server_finish(&boss, &spinner);
	pthread_join(thread, NULL);
	for (i = 0; i < READERS; i++) {
		ck_assert_uint_eq(step_get(&readers[i].worker), 0);
		server_expect(&boss, &readers[i].worker, UMCG_EV_WAKE);
	}
	for (i = 0; i < READERS; i++)
		server_finish(&boss, &readers[i].worker);
}
END_TEST

static unsigned int told;

static void *wake_each(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < READERS; i++) {
		wait_for(__atomic_load_n(&told, __ATOMIC_SEQ_CST) == i &&
			 asleep_with_a_runner());
		reader_write(&readers[i], 'q');
	}
	wait_for(__atomic_load_n(&told, __ATOMIC_SEQ_CST) == i);
	end_spinning();
	return NULL;
}

/*
 * Told of each, and its worker runs on. Of one that it has found on its list by itself
 * it is told by its next WAIT, which is too early for the one that comes then.
 */
START_TEST(notify)
{
	pthread_t thread;
	unsigned int i;

	begin(UMCG_REG_NOTIFY, READERS);
	expect(!pthread_create(&thread, NULL, wake_each, NULL));
	ck_assert_int_eq(server_switch(&boss, &spinner, 0), 0);
	for (i = 0; i < READERS; i++) {
		if (i)
			ck_assert_int_eq(umcg_wait(group, 0, 0), 0);
		ck_assert_uint_eq(umcg_cur(boss.self),
				  spinner.args.slot | UMCG_CUR_RUNNING);
		server_expect(&boss, &readers[i].worker, UMCG_EV_WAKE);
		server_expect_none(&boss);
		__atomic_store_n(&told, i + 1, __ATOMIC_SEQ_CST);
	}
	/* it may be gone before we wait for it */
	ck_assert_int_eq(server_wait(&boss, &spinner), UMCG_CUR_EXIT);
	pthread_join(thread, NULL);
	for (i = 0; i < READERS; i++)
		server_finish(&boss, &readers[i].worker);
}
END_TEST

/* In user code it is told by its next WAIT, and once. */
START_TEST(notify_later)
{
	struct worker *w = &readers[0].worker;

	begin(UMCG_REG_NOTIFY, 1);
	/* of the spinner it was told, too */
	while (!umcg_run(group, boss.self, 0, 0, 1))
		;
	reader_write(&readers[0], 'q');
	/* on the list: a look at one that is empty would be that WAIT */
	wait_for(list_newest(boss.self) == w->args.slot);
	server_expect(&boss, w, UMCG_EV_WAKE);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, now() + 5 * SEC), 0);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, now() + 5 * MSEC),
			 -ETIMEDOUT);
	server_finish(&boss, w);
	end_spinning();
	server_finish(&boss, &spinner);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("modes");

	ADD(s, quiet, 20);
	ADD(s, notify, 20);
	ADD(s, notify_later, 20);
	return s;
}
