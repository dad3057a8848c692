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

static long spin(struct worker *w)
{
	unsigned int i = 0;

	while (!__atomic_load_n((int *)w->arg, __ATOMIC_SEQ_CST)) {
		step_set(w, ++i);
		cpu_relax();
	}
	return 0;
}

static long nothing(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

START_TEST(one_worker_a_server)
{
	int stop = 0, i;
	struct worker first = { .run = spin, .arg = &stop };
	struct worker second = { .run = nothing };
	struct server s;

	group = open_group();
	server_start(&s, group);
	worker_hire(&s, &first);
	worker_hire(&s, &second);
	ck_assert_int_eq(server_switch(&s, &first, now() + 2 * MSEC),
			 -ETIMEDOUT);
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
 * Two servers that switch to one worker at the same moment. It parks at once
 * and may so be run by both in turn, but every switch that succeeded is one turn
 * of the worker, and at least one of each pair succeeds.
 */
struct racer {
	struct server server;
	pthread_t thread;
	unsigned long wins, refusals;
	unsigned int round; /* the last it has finished */
};

static struct racer racers[2];
static struct worker prey;
static unsigned int go;
static bool over;

static long count_turns(struct worker *w)
{
	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
		step_set(w, step_get(w) + 1);
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

static void *race(void *arg)
{
	struct racer *me = arg;
	unsigned int round = 0;

	server_start(&me->server, group);
	__atomic_store_n(&me->round, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		while (__atomic_load_n(&go, __ATOMIC_SEQ_CST) == round)
			cpu_relax();
		round = __atomic_load_n(&go, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&over, __ATOMIC_SEQ_CST))
			return NULL;
		race_once(me);
		__atomic_store_n(&me->round, round, __ATOMIC_SEQ_CST);
	}
}

static void finished(unsigned int round)
{
	int i;

	for (i = 0; i < 2; i++)
		while (__atomic_load_n(&racers[i].round, __ATOMIC_SEQ_CST) !=
		       round)
			cpu_relax();
}

START_TEST(one_server_a_worker)
{
	struct umcg_list list = { 0, 0 };
	__u64 end = now() + RACE_SECONDS * SEC;
	unsigned long wins = 0, contended = 0, before;
	unsigned int round;
	int i;

	group = open_group();
	for (i = 0; i < 2; i++)
		expect(!pthread_create(&racers[i].thread, NULL, race,
				       &racers[i]));
	finished(1);
	prey.run = count_turns;
	worker_start(&prey, group, 0);
	wait_for(umcg_list_take(group, 0, &list) == 1);
	ck_assert_uint_eq(umcg_list_pop(group, &list, NULL), prey.args.slot);
	for (round = 2; round < RACES_MAX + 2 && now() < end; round++) {
		before = wins;
		__atomic_store_n(&go, round, __ATOMIC_SEQ_CST);
		finished(round);
		wins = racers[0].wins + racers[1].wins;
		expect(wins > before);
		contended += wins == before + 1;
		expect_eq(step_get(&prey), wins);
	}
	note("%u races: %lu switches, %lu and %lu refused", round - 2, wins,
	     racers[0].refusals, racers[1].refusals);
	ck_assert_uint_eq(contended,
			  racers[0].refusals + racers[1].refusals);
	/* they must have met, or nothing was tried */
	ck_assert_uint_gt(contended, 0);
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	__atomic_store_n(&go, round, __ATOMIC_SEQ_CST);
	for (i = 0; i < 2; i++)
		pthread_join(racers[i].thread, NULL);
	pthread_join(prey.thread, NULL);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("one_running");

	ADD(s, one_worker_a_server, 20);
	ADD(s, one_server_a_worker, 60);
	return s;
}
