// SPDX-License-Identifier: MIT
/*
 * crowd.c - does it cost more when there are more of them?
 *
 * So many workers, on one server or on one for each processor, take turns; those who
 * are not running are queued, or blocked in read(). The first server is measured
 * while the others do the same. All of it ends with the process.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "server.h"

#define MOST		64 /* servers */

/**
 * struct lane - a processor, with its server and its part of the crowd
 * @ends:	a pipe that its workers block in
 * @turns:	of its plain threads, @last had the last one
 */
struct lane {
	struct server server;
	struct umcg_group *group;
	struct worker *workers;
	unsigned int size;
	int cpu;
	int ends[2];
	unsigned long turns, last;
};

static struct lane lanes[MOST];
static unsigned int count;
static pthread_barrier_t all_there;
static void (*turn)(struct lane *l);
static void (*task)(struct worker *w);

static void share_out(void)
{
	unsigned int i;

	count = setting.place == EACH ? get_nprocs() : 1;
	if (count > MOST || count > setting.tasks)
		die("%u tasks for %u processors", setting.tasks, count);
	for (i = 0; i < count; i++) {
		lanes[i].cpu = i;
		lanes[i].size = (setting.tasks + i) / count;
	}
	pthread_barrier_init(&all_there, NULL, count);
}

/* ---- workers ------------------------------------------------------------ */

/* Each has had one turn then, and is where it will be between two. */
static void fill(struct lane *l)
{
	unsigned int i;

	run_on(l->cpu);
	must(pipe(l->ends));
	l->workers = calloc(l->size, sizeof(*l->workers));
	for (i = 0; i < l->size; i++) {
		l->workers[i].run = task;
		l->workers[i].arg = l;
		hire(&l->server, &l->workers[i]);
	}
	for (i = 0; i < l->size; i++)
		server_run(&l->server, &l->workers[i]);
	for (i = 0; i < l->size; i++)
		turn(l);
}

static void *other_lane(void *arg)
{
	struct lane *l = arg;

	server_join(&l->server, l->group);
	fill(l);
	pthread_barrier_wait(&all_there);
	for (;;)
		turn(l);
	return NULL;
}

static void measure(unsigned int ops)
{
	unsigned int i;

	share_out();
	server_start(&lanes[0].server);
	for (i = 1; i < count; i++) {
		lanes[i].group = lanes[0].server.group;
		spawn(other_lane, &lanes[i]);
	}
	fill(&lanes[0]);
	pthread_barrier_wait(&all_there);
	METER(ops, turn(&lanes[0]));
}

static void yield_often(struct worker *self)
{
	for (;;)
		umcg_run(self->group, self->self, 0, UMCG_WAIT_ENQUEUE, 0);
}

static void run_next(struct lane *l)
{
	if (server_run(&l->server, server_next(&l->server, NULL)) != UMCG_CUR_WAIT)
		die("a worker has not yielded");
}

static void yields(unsigned int ops)
{
	task = yield_often;
	turn = run_next;
	measure(ops);
}

static void read_often(struct worker *self)
{
	struct lane *l = self->arg;
	char byte;

	for (;;)
		must(read(l->ends[0], &byte, 1));
}

/* Of all that wait for the pipe, the one who came first gets the byte. */
static void write_and_run(struct lane *l)
{
	must(write(l->ends[1], "x", 1));
	if (server_run(&l->server, server_next(&l->server, NULL)) !=
	    UMCG_CUR_BLOCK)
		die("a worker has not blocked");
}

static void blocks(unsigned int ops)
{
	task = read_often;
	turn = write_and_run;
	measure(ops);
}

/* ---- plain threads ------------------------------------------------------ */

static __u32 gate;
static unsigned int ready;

/* sched_yield() need not switch: a turn is when another one had the last. */
static void yield_here(struct lane *l, unsigned long me)
{
	sched_yield();
	if (l->last != me) {
		l->last = me;
		l->turns++;
	}
}

static void *take_turns(void *arg)
{
	struct lane *l = arg;
	unsigned long me = pthread_self();

	run_on(l->cpu);
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&gate, __ATOMIC_SEQ_CST))
		futex_wait(&gate, 0);
	for (;;)
		yield_here(l, me);
	return NULL;
}

/* Until the turn has come round to the caller, for each that had it meanwhile. */
static __u64 one_round(struct lane *l)
{
	unsigned long before = l->turns;
	__u64 begin = now();

	do {
		yield_here(l, 1);
	} while (l->turns == before);
	return (now() - begin) / (l->turns - before);
}

#define ROUNDS_MIN	3

static void plain_yields(unsigned int ops)
{
	struct lane *l = &lanes[0];
	unsigned int i, j;

	share_out();
	for (i = 0; i < count; i++)
		for (j = i == 0; j < lanes[i].size; j++)
			spawn(take_turns, &lanes[i]);
	while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < setting.tasks - 1)
		usleep(1000);
	gate = 1;
	futex_wake(&gate, setting.tasks);
	for (i = 0; i < ROUNDS_MIN; i++)
		one_round(l);
	/* a round is a turn of each */
	ops = ops / l->size > ROUNDS_MIN ? ops / l->size : ROUNDS_MIN;
	meter_begin(ops);
	while (meter_took(one_round(l)))
		;
	meter_partial();
	meter_end();
}

const struct bench crowd_cases[] = {
	{ .name = "crowd-yield",
	  .what = "server runs the next of so many workers, it yields",
	  .policies = OTHER,
	  .places = TOGETHER | EACH,
	  .crowd = true,
	  .needs_umcg = true,
	  .run = yields },
	{ .name = "crowd-block",
	  .what = "server wakes the next of so many workers by a byte, runs it, it blocks",
	  .policies = OTHER,
	  .places = TOGETHER | EACH,
	  .crowd = true,
	  .needs_umcg = true,
	  .run = blocks },
	{ .name = "crowd-sched",
	  .what = "a turn of so many threads that call sched_yield()",
	  .policies = OTHER | FIFO,
	  .places = TOGETHER | EACH,
	  .crowd = true,
	  .run = plain_yields },
	{}
};
