// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work stealing, written with what the interface has: any server takes any list,
 * and makes itself the home of whom it took.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "reader.h"
#include "suite.h"

#define THIEVES	2
#define JOBS	16
#define ROUNDS	40
#define NAP	(2 * MSEC)

static struct umcg_group *group;

static struct thief {
	struct server server;
	pthread_t thread;
	unsigned long own, shared, stolen;
} thieves[THIEVES];

static struct job {
	struct worker worker;
	int held; /* by the server that is about to run it */
	bool parks;
} jobs[JOBS];

static unsigned int ended, inside, inside_max;
static bool go;

static void enter(void)
{
	unsigned int n = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);

	if (n > __atomic_load_n(&inside_max, __ATOMIC_SEQ_CST))
		__atomic_store_n(&inside_max, n, __ATOMIC_SEQ_CST);
}

static void leave(void)
{
	__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
}

/* Yields, sleeps, parks and works, in turn. */
static long do_job(struct worker *w)
{
	struct job *job = (struct job *)w;
	struct umcg_task *me = worker_slot(w);
	unsigned int i;
	__u64 until;

	for (i = 0; i < ROUNDS; i++) {
		enter();
		step_set(w, step_get(w) + 1);
		for (until = now() + 20 * USEC; now() < until; cpu_relax())
			;
		leave();
		switch (i % 4) {
		case 0:
			expect_eq(umcg_run(group, me, 0, UMCG_WAIT_ENQUEUE, 0),
				  0);
			break;
		case 1:
			sleep_ns(50 * USEC);
			break;
		case 2:
			__atomic_store_n(&job->parks, true, __ATOMIC_SEQ_CST);
			expect_eq(umcg_run(group, me, 0, 0, 0), 0);
			break;
		}
	}
	return 0;
}

/* Wakes who parks, as somebody else's business would. */
static void *wake_them(void *arg)
{
	bool yes;
	int i;

	(void)arg;
	while (__atomic_load_n(&ended, __ATOMIC_SEQ_CST) < JOBS) {
		for (i = 0; i < JOBS; i++) {
			yes = true;
			if (__atomic_compare_exchange_n(&jobs[i].parks, &yes,
							false, false,
							__ATOMIC_SEQ_CST,
							__ATOMIC_SEQ_CST))
				expect(umcg_wake(group, jobs[i].worker.tid) >=
				       0);
		}
		sleep_ns(100 * USEC);
	}
	return NULL;
}

/* Whoever is on a server's list has that server for its home. */
static unsigned int take_from(struct thief *me, struct server *from)
{
	struct umcg_list *list = &me->server.list;
	int n = umcg_list_take(group, from ? from->slot : 0, list);
	struct umcg_task *t;

	expect(n >= 0);
	if (from && n && !(umcg_slot(group, list->first)->events &
			   UMCG_EV_EXIT)) {
		t = umcg_slot(group, list->first);
		expect_eq(t->server_tid, from->tid);
	}
	return n;
}

static bool take_some(struct thief *me)
{
	struct thief *other = &thieves[me == thieves];

	me->own += take_from(me, &me->server);
	if (umcg_list_empty(&me->server.list))
		me->shared += take_from(me, NULL);
	if (umcg_list_empty(&me->server.list))
		me->stolen += take_from(me, &other->server);
	return !umcg_list_empty(&me->server.list);
}

static void serve_one(struct thief *me)
{
	__u32 first = me->server.list.first, events, cur;
	struct umcg_task *t = umcg_slot(group, first);
	struct job *job = (struct job *)(uintptr_t)t->user;

	expect_eq(umcg_list_pop(group, &me->server.list, &events), first);
	/* the other thief is done */
	if (events & UMCG_EV_REHOMED)
		return;
	if (events & UMCG_EV_EXIT) {
		__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
		return;
	}
	expect_eq(__atomic_exchange_n(&job->held, 1, __ATOMIC_SEQ_CST), 0);
	/* it is ours from here on */
	t->server_tid = me->server.tid;
	__atomic_store_n(&job->held, 0, __ATOMIC_SEQ_CST);
	expect_eq(server_switch(&me->server, &job->worker, 0), 0);
	for (;;) {
		cur = umcg_cur(me->server.self);
		expect_eq(UMCG_CUR_SLOT(cur), first);
		if (UMCG_CUR_WHY(cur) != UMCG_CUR_RUNNING)
			break;
		umcg_wait(group, 0, 0);
	}
	if (UMCG_CUR_WHY(cur) == UMCG_CUR_EXIT)
		__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
}

/*
 * Not before all jobs are there: with each of them a stack is mapped, and a page that
 * one touches for the first time, inside, would be waited for in a block. And whose
 * list they are on waits until the other has stolen some: the host may stop the
 * processor where that one naps for as long as all of this takes.
 */
static void may_begin(struct thief *me)
{
	if (me == thieves)
		wait_for(__atomic_load_n(&thieves[1].stolen, __ATOMIC_SEQ_CST));
	else
		wait_for(__atomic_load_n(&go, __ATOMIC_SEQ_CST));
}

static void *serve(void *arg)
{
	struct thief *me = arg;
	int error;

	server_start(&me->server, group);
	for (int i = 0; i < THIEVES; i++)
		wait_for(__atomic_load_n(&thieves[i].server.tid,
					 __ATOMIC_SEQ_CST));
	may_begin(me);
	while (__atomic_load_n(&ended, __ATOMIC_SEQ_CST) < JOBS) {
		if (take_some(me)) {
			while (!umcg_list_empty(&me->server.list))
				serve_one(me);
			continue;
		}
		/* nobody tells a thief what others have */
		error = umcg_run(group, me->server.self, 0, 0, now() + NAP);
		expect(!error || error == -ETIMEDOUT);
	}
	return NULL;
}

START_TEST(everybody_runs)
{
	pthread_t waker;
	int i;

	group = open_group();
	for (i = 0; i < THIEVES; i++)
		expect(!pthread_create(&thieves[i].thread, NULL, serve,
				       &thieves[i]));
	for (i = 0; i < THIEVES; i++)
		wait_for(__atomic_load_n(&thieves[i].server.tid,
					 __ATOMIC_SEQ_CST));
	/* all on one's list */
	for (i = 0; i < JOBS; i++) {
		jobs[i].worker.run = do_job;
		worker_start(&jobs[i].worker, group, thieves[0].server.tid);
	}
	expect(!pthread_create(&waker, NULL, wake_them, NULL));
	for (i = 0; i < JOBS; i++)
		wait_for(worker_is_there(&jobs[i].worker));
	__atomic_store_n(&go, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < JOBS; i++)
		pthread_join(jobs[i].worker.thread, NULL);
	for (i = 0; i < THIEVES; i++)
		pthread_join(thieves[i].thread, NULL);
	pthread_join(waker, NULL);
	for (i = 0; i < JOBS; i++)
		ck_assert_uint_eq(step_get(&jobs[i].worker), ROUNDS);
	for (i = 0; i < THIEVES; i++)
		note("server %d took %lu of its own, %lu of the group's, stole %lu",
		     i, thieves[i].own, thieves[i].shared, thieves[i].stolen);
	ck_assert_uint_eq(ended, JOBS);
	ck_assert_uint_le(inside_max, THIEVES);
	ck_assert_uint_gt(thieves[1].stolen, 0);
}
END_TEST

static struct server boss, victim;
static struct reader reader;
static bool ready, over;

static void *be_robbed(void *arg)
{
	struct server *s = arg;

	server_start(s, group);
	reader_start(&reader, s);
	reader_write(&reader, 'x');
	__atomic_store_n(&ready, true, __ATOMIC_SEQ_CST);
	wait_for(__atomic_load_n(&over, __ATOMIC_SEQ_CST));
	return NULL;
}

static bool is_empty(struct server *s)
{
	return __atomic_load_n(&s->self->head, __ATOMIC_SEQ_CST) ==
	       UMCG_LIST_END;
}

/* The home is where it comes back to, whoever has run it. */
START_TEST(borrowed_and_stolen)
{
	struct worker *w = &reader.worker;
	pthread_t thread;

	group = open_group();
	server_start(&boss, group);
	expect(!pthread_create(&thread, NULL, be_robbed, &victim));
	wait_for(__atomic_load_n(&ready, __ATOMIC_SEQ_CST));
	wait_for(umcg_list_take(group, victim.slot, &boss.list));
	ck_assert_uint_eq(boss.list.first, w->args.slot);
	/* taken, and not popped: it is on a list still */
	ck_assert_int_eq(server_switch(&boss, w, 0), -EAGAIN);
	server_expect(&boss, w, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, w), UMCG_CUR_BLOCK);
	ck_assert_uint_eq(worker_slot(w)->cur, boss.slot);
	reader_write(&reader, 'x');
	wait_for(!is_empty(&victim));
	ck_assert(is_empty(&boss));
	/* stolen for good */
	ck_assert_int_eq(umcg_list_take(group, victim.slot, &boss.list), 1);
	worker_slot(w)->server_tid = boss.tid;
	server_expect(&boss, w, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, w), UMCG_CUR_BLOCK);
	reader_write(&reader, 'x');
	wait_for(!is_empty(&boss));
	ck_assert(is_empty(&victim));
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("steal");

	ADD(s, everybody_runs, 60);
	ADD(s, borrowed_and_stolen, 20);
	return s;
}
