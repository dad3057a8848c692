// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thousand workers on two servers, each of which blocks a hundred times (or
 * fewer()).
 *
 * The oracle is the kernel's own count of voluntary context switches (nvcsw), in
 * which nothing of the module takes part. A worker reads its own before and
 * after each call that may block; it cannot sleep in between. What the count
 * has gone up by in a call is
 *
 *	0	it did not block
 *	1	it blocked, and was switched to again before it was asleep in its hold
 *	2	it blocked, and then slept in its hold
 *
 * The calls are such that they sleep once: a nanosleep, a futex and a pipe of its own
 * with one other user, a page that userfaultfd serves. So, with S for the sleeps
 * in the hold (at most one a block) and R for what the worker had when REGISTER
 * returned, for every single worker
 *
 *	blocks told to the servers = calls that went up by more than 0
 *	nvcsw in /proc = R + blocks told to the servers + S
 *
 * Now and then it is more, see told_of_more(); one call in a thousand at most.
 *
 * sched_yield() is in the mixture, and counts as an involuntary switch.
 *
 * On a realtime kernel a spinning lock is waited for asleep. That is no block, but
 * is counted as a voluntary switch, wherever it happens, so a sleep does not tell
 * of a block. There nobody must be lost, and no more blocks be told than there were
 * switches.
 */
/* The disk is not for us: with it, the guest is one with that of block_disk. */
/* vm: --smp 1 */
/* vm: --smp 2 --disk include */
/* vm: --smp 4 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "proc.h"
#include "sleeper.h"
#include "suite.h"

#define WORKERS	1000
#define BLOCKS	fewer(100)
#define SERVERS	2

struct drop {
	struct worker w;
	struct sleeper sleeper;
	unsigned int seed;
	unsigned long registered; /* nvcsw when REGISTER returned */
	unsigned long last; /* nvcsw when it looked last */
	unsigned long blocks, held, calls;
	unsigned long by_way[WAYS];
};

static struct drop drops[WORKERS];
static struct fifo fifo;
static int done; /* workers that have blocked often enough */
static __u32 finish; /* a futex: they may go */
static bool realtime;

/* calls that slept more often than they should, the first of them */
#define ODDS	16
static struct odd {
	enum way how;
	unsigned long slept, told;
	bool disturbed;
} odds[ODDS];
static unsigned long odd;

static unsigned long told_since(const struct drop *d)
{
	return __atomic_load_n(&fifo.blocks[d->w.args.slot], __ATOMIC_SEQ_CST) -
	       d->blocks;
}

/*
 * It slept more often than it should: a wake-up came that was meant for the call
 * before, or a page was not there, for which it may have waited in a block of its own.
 * The first sleep is a block, those that follow before it is back in user mode are
 * none of their own, nor is that in its hold. How many it were the servers were told.
 */
static unsigned long told_of_more(struct drop *d, enum way how,
				  unsigned long slept)
{
	unsigned long told, i;

	/* who was told may not have counted it yet, when another has run us */
	while (!(told = told_since(d)))
		cpu_relax();
	if (told > slept)
		ck_abort_msg("%lu blocks told of %lu sleeps in a %s", told,
			     slept, way_names[how]);
	i = __atomic_fetch_add(&odd, 1, __ATOMIC_RELAXED);
	if (i < ODDS)
		odds[i] = (struct odd){ how, slept, told, d->sleeper.disturbed };
	return told;
}

static void block_once(struct drop *d)
{
	unsigned int turns = fifo_turns(&fifo, d->w.args.slot);
	enum way way = rand_r(&d->seed) % WAYS;
	unsigned long slept, blocks = 1;

	way = sleeper_prepare(&d->sleeper, way);
	user_leave(&fifo);
	sleeper_do(&d->sleeper, way, rand_r(&d->seed) % 2000 * USEC);
	user_enter(&fifo);
	slept = own_switches() - d->last;
	d->last += slept;
	d->calls++;
	if (!slept)
		return;
	if (realtime)
		blocks = told_since(d);
	else if (slept > 2 || way == WAY_YIELD || told_since(d) > 1)
		blocks = told_of_more(d, way, slept);
	/* its first instruction comes after its switch */
	expect(realtime || fifo_turns(&fifo, d->w.args.slot) != turns);
	d->blocks += blocks;
	d->held += slept - blocks;
	d->by_way[way] += blocks;
}

static long block_often(struct worker *w)
{
	struct drop *d = w->arg;

	user_enter(&fifo);
	d->registered = own_switches();
	d->last = d->registered;
	worker_slot(w)->server_tid = fifo_home(&fifo, (int)(d - drops) % 3 - 1);
	while (d->blocks < BLOCKS || !sleeper_helped(&d->sleeper))
		block_once(d);
	user_leave(&fifo);
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	/* one more block, in which its counts can be read at leisure */
	futex(&finish, FUTEX_WAIT, 0);
	expect_eq(__atomic_load_n(&finish, __ATOMIC_SEQ_CST), 1);
	return 0;
}

static void start(struct umcg_group *g)
{
	struct drop *d;
	int i;

	realtime = kernel_is_realtime();
	sleepers_start(&drops[0].sleeper, sizeof(*drops), WORKERS);
	for (i = 0; i < WORKERS; i++) {
		d = &drops[i];
		d->seed = i;
		d->w.run = block_often;
		d->w.arg = d;
		d->w.dies = i % 2;
		worker_start(&d->w, g, 0);
	}
	/* all are there before the first runs: no stack is mapped after this */
	for (i = 0; i < WORKERS; i++)
		wait_for(worker_is_there(&drops[i].w));
}

/* However slow the machine is: as long as somebody is run, nobody is lost. */
static bool until_done(void)
{
	unsigned long turns = 0, last;
	int still = 0;

	while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < WORKERS) {
		last = turns;
		turns = fifo_count(&fifo, FIFO_RUNS);
		still = turns == last ? still + 1 : 0;
		if (still == 400)
			return false;
		sleep_ns(50 * MSEC);
	}
	return true;
}

/* The equation, for each and for all. */
static void compare_counts(void)
{
	unsigned long told = 0, switches = 0, held = 0, before = 0, nvcsw;
	unsigned long calls = 0, by_way[WAYS] = { 0 };
	struct drop *d;
	int i, j;

	for (i = 0; i < WORKERS; i++) {
		d = &drops[i];
		nvcsw = proc_switches(d->w.tid).voluntary;
		if (realtime) {
			expect(fifo.blocks[d->w.args.slot] > d->blocks);
			expect(nvcsw >= fifo.blocks[d->w.args.slot]);
		} else {
			expect_eq(fifo.blocks[d->w.args.slot], d->blocks + 1);
			expect_eq(nvcsw, d->registered + d->blocks + 1 + d->held);
		}
		told += fifo.blocks[d->w.args.slot];
		switches += nvcsw;
		held += d->held;
		before += d->registered;
		calls += d->calls;
		for (j = 0; j < WAYS; j++)
			by_way[j] += d->by_way[j];
	}
	note("%lu blocks told = %lu voluntary switches - %lu sleeps in holds "
	     "- %lu until registered", told, switches, held, before);
	for (i = 0; i < WAYS; i++)
		note("    %lu in a %s", by_way[i], way_names[i]);
	note("    and %lu calls that did not block", calls - told + WORKERS);
	note("%lu calls slept more often than that", odd);
	for (i = 0; i < ODDS && i < (int)odd; i++)
		note("    %lu times in a %s, %lu blocks told%s", odds[i].slept,
		     way_names[odds[i].how], odds[i].told,
		     odds[i].disturbed ? ", the helper not through" : "");
	ck_assert_uint_le(odd, calls / 1000);
	ck_assert_uint_ge(told, WORKERS * (BLOCKS + 1));
	if (!realtime)
		ck_assert_uint_eq(told, switches - held - before);
}

START_TEST(a_thousand_workers)
{
	struct umcg_group *g = open_group();
	__u64 begin;
	int i;

	start(g);
	begin = now();
	fifo_start(&fifo, g, SERVERS);
	if (!until_done()) {
		fifo_dump(&fifo);
		ck_abort_msg("%d of %d workers are lost", WORKERS - done,
			     WORKERS);
	}
	for (i = 0; i < SERVERS; i++)
		wait_for(umcg_state(fifo.server[i].server.self) &
			 UMCG_TF_IDLE);
	note("done after %llu ms", (now() - begin) / MSEC);
	compare_counts();

	__atomic_store_n(&finish, 1, __ATOMIC_SEQ_CST);
	futex(&finish, FUTEX_WAKE, WORKERS);
	for (i = 0; i < WORKERS; i++)
		pthread_join(drops[i].w.thread, NULL);
	wait_for(fifo_ended(&fifo) == WORKERS);
	fifo_stop(&fifo);
	fifo_note(&fifo, "storm");
	ck_assert_int_le(fifo.in_user_max, SERVERS);
	ck_assert_int_le(fifo.all_user_max, SERVERS);
	sleepers_stop();
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("storm");

	ADD(s, a_thousand_workers, 300);
	return s;
}
