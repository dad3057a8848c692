// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two servers whose workers hand over to each other: a worker runs under whoever
 * has run the one before it, wherever its home is, and never two under one.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

#define AGENTS		6
#define SECONDS		2

static struct umcg_group *group;
static struct server servers[2];
static struct worker agents[AGENTS];
static unsigned long handoffs, refusals, crossings;
static int inside[2], hired;
static bool over;

/* At home with a server: nobody else fills its turn. */
static int enter(struct worker *w)
{
	int i = worker_slot(w)->cur == servers[1].slot;

	expect_eq(worker_slot(w)->cur, servers[i].slot);
	expect_eq(__atomic_add_fetch(&inside[i], 1, __ATOMIC_SEQ_CST), 1);
	return i;
}

static long hand_about(struct worker *w)
{
	unsigned int to = w - agents;
	int error, at, was = -1;

	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
		at = enter(w);
		step_set(w, step_get(w) + 1);
		if (was >= 0 && was != at)
			__atomic_add_fetch(&crossings, 1, __ATOMIC_RELAXED);
		was = at;
		__atomic_sub_fetch(&inside[at], 1, __ATOMIC_SEQ_CST);
		do {
			to = (to + 1) % AGENTS;
			error = umcg_run(group, worker_slot(w), agents[to].tid,
					 0, 0);
			if (error == -EAGAIN || error == -EINVAL)
				__atomic_add_fetch(&refusals, 1,
						   __ATOMIC_RELAXED);
		} while ((error == -EAGAIN || error == -EINVAL) &&
			 !__atomic_load_n(&over, __ATOMIC_SEQ_CST));
		if (!error) {
			__atomic_add_fetch(&handoffs, 1, __ATOMIC_RELAXED);
			continue;
		}
		/* when it is over, the first to see that may be gone by now */
		if (!__atomic_load_n(&over, __ATOMIC_SEQ_CST))
			ck_abort_msg("a handoff: %d", error);
	}
	return 0;
}

static int gone(void)
{
	int i, n = 0;

	for (i = 0; i < AGENTS; i++)
		n += worker_state(&agents[i]) == UMCG_TASK_NONE;
	return n;
}

static void run_whoever(struct server *s)
{
	int i;

	for (i = 0; i < AGENTS; i++)
		server_try(s, &agents[i]);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int i, me = s - servers;

	server_start(s, group);
	for (i = 0; i < 2; i++)
		wait_for(__atomic_load_n(&servers[i].tid, __ATOMIC_SEQ_CST));
	for (i = me; i < AGENTS; i += 2) {
		agents[i].run = hand_about;
		worker_hire(s, &agents[i]);
	}
	__atomic_add_fetch(&hired, 1, __ATOMIC_SEQ_CST);
	wait_for(__atomic_load_n(&hired, __ATOMIC_SEQ_CST) == 2);
	while (gone() < AGENTS)
		run_whoever(s);
	return NULL;
}

/* For as long as that takes, if the machine has had no time for it. */
static bool enough(void)
{
	int i;

	for (i = 0; i < AGENTS; i++)
		if (!step_get(&agents[i]))
			return false;
	return __atomic_load_n(&handoffs, __ATOMIC_RELAXED) > 100 &&
	       __atomic_load_n(&crossings, __ATOMIC_RELAXED) > 0;
}

START_TEST(across)
{
	__u64 end = now() + SECONDS * SEC;
	pthread_t threads[2];
	int i;

	group = open_group();
	for (i = 0; i < 2; i++)
		expect(!pthread_create(&threads[i], NULL, serve, &servers[i]));
	while (now() < end)
		sleep_ns(50 * MSEC);
	wait_for(enough());
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < AGENTS; i++) {
		pthread_join(agents[i].thread, NULL);
		ck_assert_uint_gt(step_get(&agents[i]), 0);
	}
	note("%lu handoffs, %lu to the other server, %lu refused", handoffs,
	     crossings, refusals);
	ck_assert_uint_gt(handoffs, 100);
	ck_assert_uint_gt(crossings, 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("handoff_across");

	ADD(s, across, 60);
	return s;
}
