// SPDX-License-Identifier: GPL-2.0-only
/* A worker runs under one server, and a server runs one worker. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

#define RACES_MAX	100000
#define RACE_SECONDS	4

static struct umcg_group *group;

static long nothing(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

START_TEST(one_worker_a_server)
{
	int stop = 0, i;
	struct worker first = { .run = worker_spin, .arg = &stop };
	struct worker second = { .run = nothing };
	struct server s;

	group = open_group();
	server_start(&s, group);
	worker_hire(&s, &first);
	worker_hire(&s, &second);
	server_leave_running(&s, &first);
	for (i = 0; i < 100; i++) {
		ck_assert_int_eq(server_switch(&s, &second, 0), -EBUSY);
		ck_assert_uint_eq(umcg_next_tid(s.self), second.tid);
		ck_assert_uint_eq(worker_state(&second), UMCG_TASK_RUNNABLE);
		ck_assert_uint_eq(worker_state(&first), UMCG_TASK_RUNNING);
	}
	ck_assert_uint_eq(step_get(&second), 0);
	/* wait for the one that runs, not once more for the other */
	s.self->next_tid = first.tid | UMCG_TID_RUNNING;
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&s, &first), UMCG_CUR_EXIT);
	server_finish(&s, &second);
}
END_TEST

/*
 * Two servers that switch to one worker at the same moment. It parks soon, and
 * may so be run by both in turn, but every switch that succeeded is one turn of
 * the worker, and at least one of each pair succeeds.
 */
struct racer {
	struct server server;
	pthread_t thread;
	unsigned long wins, refusals;
	unsigned int at; /* the round it has come to, twice; odd: it is through */
};

static struct racer racers[2];
static struct worker prey;
static bool over;

/* Turns of different lengths, so that the other comes early, late, in between. */
static long count_turns(struct worker *w)
{
	unsigned int i;

	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
		step_set(w, step_get(w) + 1);
		for (i = 0; i < step_get(w) % 4; i++)
			cpu_relax();
		worker_park(w);
	}
	return 0;
}

static void race_once(struct racer *me)
{
	int error = server_switch(&me->server, &prey, 0);

	if (error == -EAGAIN) {
		expect_eq(umcg_next_tid(me->server.self), prey.tid);
		me->refusals++;
		return;
	}
	expect_eq(error, 0);
	expect_eq(server_wait(&me->server, &prey), UMCG_CUR_WAIT);
	me->wins++;
}

/* Come to that point, and see the other there. */
static void meet(struct racer *me, unsigned int at)
{
	struct racer *other = &racers[me == &racers[0]];

	__atomic_store_n(&me->at, at, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&other->at, __ATOMIC_SEQ_CST) < at)
		cpu_relax();
}

static void *race(void *arg)
{
	struct racer *me = arg;
	__u64 end = now() + RACE_SECONDS * SEC;
	unsigned long wins;
	unsigned int round;

	for (round = 1; round <= RACES_MAX; round++) {
		meet(me, 2 * round);
		if (__atomic_load_n(&over, __ATOMIC_SEQ_CST))
			break;
		race_once(me);
		meet(me, 2 * round + 1);
		if (me != &racers[0])
			continue;
		/* the other waits for the next round */
		wins = racers[0].wins + racers[1].wins;
		expect(wins >= round);
		expect_eq(step_get(&prey), wins);
		expect_eq(wins + racers[0].refusals + racers[1].refusals,
			  2UL * round);
		if (now() > end)
			__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void *race_as_server(void *arg)
{
	struct racer *me = arg;

	server_start(&me->server, group);
	meet(me, 1);
	return race(me);
}

START_TEST(one_server_a_worker)
{
	struct umcg_list list = { 0, 0 };
	unsigned long refusals;

	group = open_group();
	prey.run = count_turns;
	worker_start(&prey, group, 0);
	wait_for(umcg_list_take(group, 0, &list) == 1);
	ck_assert_uint_eq(umcg_list_pop(group, &list, NULL), prey.args.slot);
	expect(!pthread_create(&racers[1].thread, NULL, race_as_server,
			       &racers[1]));
	race_as_server(&racers[0]);
	pthread_join(racers[1].thread, NULL);
	refusals = racers[0].refusals + racers[1].refusals;
	note("%u races: %lu switches, %lu refused", racers[0].at / 2,
	     racers[0].wins + racers[1].wins, refusals);
	/* they must have met, or nothing was tried; on one processor they take turns */
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		ck_assert_uint_gt(refusals, 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("one_running");

	ADD(s, one_worker_a_server, 20);
	ADD(s, one_server_a_worker, 60);
	return s;
}
