// SPDX-License-Identifier: GPL-2.0-only
/* Nobody's process looks into its slots for what is not its own. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"

#define DIRT		(128UL * 1024 * 1024)
#define WORKERS		40
#define BLOCKS		20
#define KERNEL		0xffff800000000000ULL
#define TID_MAX		(4 * 1024 * 1024)

static void as_nobody(void (*run)(void *arg))
{
	ended_well(nobody_start(run, NULL));
}

/* The pages that are free next have something in them. */
static void leave_dirt(void)
{
	char *p = mmap(NULL, DIRT, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(p != MAP_FAILED);
	memset(p, 0xa5, DIRT);
	munmap(p, DIRT);
}

static void read_fresh(void *arg)
{
	struct umcg_group *g;
	struct umcg_query q;
	const __u64 *words;
	size_t i;

	(void)arg;
	leave_dirt();
	g = open_group();
	umcg_query(g, &q);
	words = (const __u64 *)umcg_slot(g, 0);
	/* the first slot has its tid, and two lists that are empty */
	for (i = sizeof(struct umcg_task) / 8; i < q.map_size / 8; i++)
		expect_eq(words[i], 0);
	expect_eq(umcg_slot(g, 0)->tid, getpid());
	expect_eq(umcg_slot(g, 0)->user, 0);
}

START_TEST(fresh_slots_are_empty)
{
	as_nobody(read_fresh);
}
END_TEST

static struct fifo fifo;
static struct worker workers[WORKERS];

/* Many ways to stop, and to come back. */
static long live(struct worker *w)
{
	int i;

	for (i = 0; i < BLOCKS; i++) {
		sleep_ns(100 * USEC);
		sched_yield();
		umcg_run(w->group, worker_slot(w), 0, UMCG_WAIT_ENQUEUE, 0);
		umcg_run(w->group, worker_slot(w), 0, 0, now() + 100 * USEC);
	}
	return 0;
}

static bool is_index(__u32 value)
{
	return value >= UMCG_LIST_PENDING || value < 65536;
}

/*
 * Every field holds what the header says of it, which is no address. The times go
 * on while we look, so what time it is comes after them.
 */
static bool is_clean(const volatile struct umcg_task *slot)
{
	const struct umcg_task copy = *slot, *t = &copy;
	__u64 latest = now();

	return UMCG_STATE(t->state) <= UMCG_TASK_BLOCKED &&
	       !(t->state & 0xfc00) &&
	       (t->next_tid & ~UMCG_TID_RUNNING) < TID_MAX &&
	       t->server_tid < TID_MAX && t->tid < TID_MAX &&
	       t->blocked_ts <= latest && t->runnable_ts <= latest &&
	       !(t->events & ~(UMCG_EV_QUEUED | 0x7f)) && is_index(t->link) &&
	       is_index(t->head) && UMCG_CUR_SLOT(t->cur) < 65536 &&
	       UMCG_CUR_WHY(t->cur) <= UMCG_CUR_PREEMPT && t->user < KERNEL &&
	       t->section <= 3 && t->gen < 1000;
}

static void look(const struct umcg_group *g, __u32 slots)
{
	const __u64 *words = (const __u64 *)umcg_slot(g, 0);
	const size_t pair = offsetof(struct umcg_task, events) / 8;
	const size_t stride = sizeof(struct umcg_task) / 8;
	size_t i;

	for (i = 0; i < slots; i++)
		if (!is_clean(umcg_slot(g, i)))
			ck_abort_msg("slot %zu", i);
	/* and once more, without a thought about fields */
	for (i = 0; i < slots * stride; i++)
		if (words[i] >= KERNEL &&
		    (i % stride != pair || words[i] >> 32 < UMCG_LIST_PENDING))
			ck_abort_msg("word %zu is %#llx", i, words[i]);
}

static void storm_and_look(void *arg)
{
	struct umcg_group *g = open_group();
	struct umcg_query q;
	int i;

	(void)arg;
	umcg_query(g, &q);
	fifo_start(&fifo, g, 2);
	for (i = 0; i < WORKERS; i++) {
		workers[i].run = live;
		workers[i].dies = i % 2;
		workers[i].args.flags = UMCG_REG_TIMESTAMPS;
		workers[i].args.slice_ns = i % 3 ? 0 : 200 * USEC;
		worker_start(&workers[i], g, fifo_home(&fifo, i % 3 - 1));
		look(g, q.slots_max);
	}
	for (i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	look(g, q.slots_max);
	wait_for(fifo_ended(&fifo) == WORKERS);
	fifo_stop(&fifo);
	look(g, q.slots_max);
}

START_TEST(nothing_of_the_kernel_is_in_them)
{
	as_nobody(storm_and_look);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("abuse_read");

	ADD(s, fresh_slots_are_empty, 30);
	ADD(s, nothing_of_the_kernel_is_in_them, 60);
	return s;
}
