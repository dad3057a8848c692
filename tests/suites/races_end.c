// SPDX-License-Identifier: GPL-2.0-only
/* vm: --smp 2 */
/* vm: --smp 1 --icount */
/*
 * A worker's timeout against its end: its own exit, from a handler, and that of
 * its group. Whichever is first, it ends once, and nothing of it stays behind.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "duel.h"
#include "proc.h"
#include "suite.h"

#define CROWD		8
#define ROOM_MIN	(2 * MSEC)

static struct umcg_group *group;
static struct server boss;
static struct duel duel;

/* Waits until a time; gone before that, or after. */
static struct waiter {
	struct worker worker;
	__u64 due;
} crowd[CROWD];

static long wait_till_then(struct worker *w)
{
	struct waiter *me = (struct waiter *)w;
	int error;

	/* late, before it could stop: nobody was told, so try again */
	for (;;) {
		me->due = now() + duel.lead;
		error = umcg_run(group, worker_slot(w), 0, 0, me->due);
		if (error != -ETIMEDOUT)
			return error;
		duel_late(&duel);
	}
}

/* --- its own exit -------------------------------------------------------- */

static volatile unsigned long handled;

/* No cleaning up, no unlocking: it is gone. */
static void leave(int signal)
{
	(void)signal;
	handled++;
	syscall(SYS_exit, 0);
}

static void hire(struct waiter *w)
{
	w->worker = (struct worker){ .run = wait_till_then };
	worker_hire(&boss, &w->worker);
}

static void run(struct waiter *w)
{
	expect_eq(server_run(&boss, &w->worker), UMCG_CUR_WAIT);
}

START_TEST(timeout_and_exit)
{
	struct sigaction sa = { .sa_handler = leave };
	struct waiter *w = &crowd[0];
	struct umcg_task *t;
	__u32 events;

	expect_sys(sigaction(SIGUSR1, &sa, NULL));
	group = open_group();
	server_start(&boss, group);
	duel_begin(&duel, "timeout to exit", DUELS);
	while (duel_goes_on(&duel)) {
		hire(w);
		run(w);
		t = worker_slot(&w->worker);
		duel_sleep(&duel, w->due);
		expect(!pthread_kill(w->worker.thread, SIGUSR1));
		expect(server_next(&boss, &events) == &w->worker);
		if (events != (UMCG_EV_QUEUED | UMCG_EV_TIMEOUT))
			expect_eq(events, UMCG_EV_QUEUED | UMCG_EV_SIGNAL);
		duel_won(&duel, !!(events & UMCG_EV_SIGNAL));
		/* it goes away while its time comes, if that has not come yet */
		server_run_out(&boss, &w->worker);
		expect_eq(handled, duel.rounds);
		/* and nothing comes for it after that */
		server_expect_none(&boss);
		expect_eq(t->state, UMCG_TASK_NONE);
		expect_eq(t->events & ~UMCG_EV_EXIT, 0);
	}
	duel_finish(&duel);
}
END_TEST

/* --- the group's end ----------------------------------------------------- */

/* Which of the crowd the timer had queued before the end came. */
static unsigned int timed_out(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < CROWD; i++)
		n += !!(worker_slot(&crowd[i].worker)->events &
			UMCG_EV_TIMEOUT);
	return n;
}

/* For all to begin their WAIT before the first one's ends: twice what it took. */
static void adjust(__u64 *room)
{
	__s64 took = now() + *room - crowd[0].due;

	*room = 2 * took > ROOM_MIN ? 2 * took : ROOM_MIN;
}

/*
 * Where rounds are few, because they are slow, the duel may not come to where the
 * end is first: some do not wait for anybody's time.
 */
static bool at_once(void)
{
	return duel.rounds % 4 == 0;
}

static void *end_a_group(void *room)
{
	unsigned int i;

	group = open_group();
	server_start(&boss, group);
	for (i = 0; i < CROWD; i++)
		hire(&crowd[i]);
	for (i = 0; i < CROWD; i++)
		run(&crowd[i]);
	adjust(room);
	/* the middle one's time: some are earlier, some later */
	if (!at_once())
		duel_sleep(&duel, crowd[CROWD / 2].due);
	expect_eq(umcg_unregister(group), 0);
	return NULL;
}

/* Nobody is left in the module, and each is told that it is a plain thread. */
START_TEST(timeout_and_the_end_of_the_group)
{
	unsigned long early = 0, late = 0;
	__u64 room = ROOM_MIN;
	unsigned int i, n;
	pthread_t thread;

	duel_begin(&duel, "timeout to the end", DUELS / 30);
	while (duel_goes_on(&duel)) {
		duel.lead = room;
		expect(!pthread_create(&thread, NULL, end_a_group, &room));
		pthread_join(thread, NULL);
		for (i = 0; i < CROWD; i++) {
			pthread_join(crowd[i].worker.thread, NULL);
			expect_eq(crowd[i].worker.result, -ESHUTDOWN);
		}
		n = timed_out();
		early += n;
		late += CROWD - n;
		if (!at_once())
			duel_won(&duel, n < CROWD / 2);
		umcg_close(group);
	}
	note("%lu were queued by their timer before the end, %lu were not",
	     early, late);
	ck_assert_uint_gt(early, 0);
	ck_assert_uint_gt(late, 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("races_end");

	ADD(s, timeout_and_exit, 200);
	ADD(s, timeout_and_the_end_of_the_group, 200);
	return s;
}
