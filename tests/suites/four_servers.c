// SPDX-License-Identifier: GPL-2.0-only
/*
 * Four servers on four processors, each with workers of its own: they have nothing
 * to do with each other. What they share all the same is named in docs/design.md.
 */
/* vm: --smp 4 */
#define _GNU_SOURCE
#include <sched.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "proc.h"
#include "suite.h"

#define SERVERS		4
#define EACH		20 /* workers of a server */
#define ROUNDS		fewer(100)

struct hand {
	struct worker w;
	int home;
};

static struct fifo fifo;
static struct hand hands[SERVERS * EACH];
static int inside[SERVERS]; /* workers of each in user code */

static void enter(const struct hand *h)
{
	expect_eq(sched_getcpu(), h->home);
	expect_eq(worker_slot(&h->w)->cur, fifo.server[h->home].server.slot);
	expect_eq(__atomic_add_fetch(&inside[h->home], 1, __ATOMIC_SEQ_CST), 1);
	user_enter(&fifo);
}

static void leave(const struct hand *h)
{
	user_leave(&fifo);
	__atomic_sub_fetch(&inside[h->home], 1, __ATOMIC_SEQ_CST);
}

/* By turns a block and a yield. */
static long work(struct worker *w)
{
	struct hand *h = w->arg;
	unsigned int i, j;

	for (i = 0; i < ROUNDS; i++) {
		enter(h);
		for (j = 0; j < 200; j++)
			cpu_relax();
		leave(h);
		if (i % 2)
			expect_eq(umcg_run(w->group, worker_slot(w), 0,
					   UMCG_WAIT_ENQUEUE, 0), 0);
		else
			sleep_ns(100 * USEC);
	}
	return 0;
}

START_TEST(each_on_its_own)
{
	struct umcg_group *g = open_group();
	int i;

	if (cpu_count() < SERVERS)
		skip("%d processors", cpu_count());
	fifo_prepare(&fifo, g, SERVERS);
	for (i = 0; i < SERVERS; i++)
		pin(fifo.server[i].server.tid, i);
	for (i = 0; i < SERVERS * EACH; i++) {
		hands[i].home = i % SERVERS;
		hands[i].w.run = work;
		hands[i].w.arg = &hands[i];
		worker_start(&hands[i].w, g, fifo_home(&fifo, hands[i].home));
		wait_for(worker_is_there(&hands[i].w));
		pin(hands[i].w.tid, hands[i].home);
	}
	fifo_go(&fifo);
	for (i = 0; i < SERVERS * EACH; i++)
		pthread_join(hands[i].w.thread, NULL);
	wait_for(fifo_ended(&fifo) == SERVERS * EACH);
	fifo_stop(&fifo);
	fifo_note(&fifo, "four servers");
	ck_assert_int_eq(fifo.in_user_max, SERVERS);
	ck_assert_uint_ge(fifo_count(&fifo, FIFO_WAITS),
			  SERVERS * EACH * (ROUNDS / 2));
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("four_servers");

	ADD(s, each_on_its_own, 60);
	return s;
}
