// SPDX-License-Identifier: MIT
/*
 * crowd.c - does it cost more when there are more of them?
 *
 * So many threads, with one server or with one on each processor. They become workers:
 * what memory does that take? They yield in turn, those who do not run being queued.
 * They block in turn, all in the same pipe. They become plain threads again and call
 * sched_yield(). It is the first server that is measured, while the others do the same.
 * All of it ends with the process.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "server.h"

#define SERVERS_MAX	64
#define STACK		(16UL * 1024)

/**
 * struct lane - a processor, with its server and its part of the crowd
 * @ends:	a pipe that its workers block in
 */
struct lane {
	struct server server;
	struct umcg_group *group;
	struct worker *workers;
	unsigned int size;
	int cpu;
	int ends[2];
};

enum act { YIELD, BLOCK, LEAVE };

static struct lane lanes[SERVERS_MAX];
static unsigned int count, ops;
static pthread_barrier_t all_there;
static bool measured;
static enum act act;

/* ---- gates: so many wait there, until they are opened ------------------- */

struct gate {
	__u32 open, waiting;
};

static struct gate before_register, before_sched_yield;

static void gate_pass(struct gate *g)
{
	__atomic_add_fetch(&g->waiting, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&g->open, __ATOMIC_SEQ_CST))
		futex_wait(&g->open, 0);
}

static void gate_await_all(struct gate *g)
{
	while (__atomic_load_n(&g->waiting, __ATOMIC_SEQ_CST) < setting.tasks)
		usleep(1000);
}

static void gate_open(struct gate *g)
{
	gate_await_all(g);
	__atomic_store_n(&g->open, 1, __ATOMIC_SEQ_CST);
	futex_wake(&g->open, setting.tasks);
}

/* ---- one of the crowd --------------------------------------------------- */

static void work(struct worker *self)
{
	struct lane *l = self->arg;
	char byte;

	while (act == YIELD)
		umcg_run(self->group, self->self, 0, UMCG_WAIT_ENQUEUE, 0);
	while (act == BLOCK)
		must(read(l->ends[0], &byte, 1));
}

/* Under FIFO another one has the turn now. Those of the first lane are measured. */
static void turn_of_thread(const struct lane *l)
{
	static unsigned int done;

	sched_yield();
	if (l != lanes)
		return;
	if (done < 2 * l->size) {
		if (++done == 2 * l->size)
			meter_begin(ops);
	} else if (!meter_op()) {
		meter_end();
		_exit(EXIT_SUCCESS);
	}
}

static void *live(void *arg)
{
	struct worker *w = arg;

	gate_pass(&before_register);
	worker_main(w);
	gate_pass(&before_sched_yield);
	for (;;)
		turn_of_thread(w->arg);
	return NULL;
}

/* Their stacks lie side by side: mappings cost time and memory, too. */
static void create(struct lane *l)
{
	char *stacks = mmap(NULL, l->size * STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pthread_attr_t attr;
	unsigned int i;

	l->workers = calloc(l->size, sizeof(*l->workers));
	if (stacks == MAP_FAILED || !l->workers)
		die("no memory for %u threads", l->size);
	madvise(stacks, l->size * STACK, MADV_NOHUGEPAGE);
	pthread_attr_init(&attr);
	for (i = 0; i < l->size; i++) {
		worker_prepare(&l->server, &l->workers[i], work, l);
		pthread_attr_setstack(&attr, stacks + i * STACK, STACK);
		if (pthread_create(&l->workers[i].thread, &attr, live,
				   &l->workers[i]))
			die("thread %u of %u: %s", i, l->size, why_not());
	}
	pthread_attr_destroy(&attr);
}

/* ---- a server ----------------------------------------------------------- */

static bool is_first(const struct lane *l)
{
	return l == lanes;
}

static void run_next(struct lane *l, __u32 why)
{
	if (server_run(&l->server, server_next(&l->server, NULL)) != why)
		die("a worker has not done what it was to do");
}

static void turn(struct lane *l)
{
	if (act == BLOCK)
		must(write(l->ends[1], "x", 1));
	run_next(l, act == BLOCK ? UMCG_CUR_BLOCK : UMCG_CUR_WAIT);
}

/*
 * Under FIFO a thread of the kernel that has something left to do gets the processor only
 * for the instant in which none of ours is runnable, never gets done with it, and makes
 * each block dearer while it is there, among few as among many: let it be done.
 */
static void measured_turn(struct lane *l)
{
	static unsigned int done;

	if (act == BLOCK && count == 1 && ++done % 50 == 0) {
		usleep(1000);
		meter_start();
	}
	turn(l);
}

/* All have had a turn before the first that counts; and all servers wait for that. */
static void turns(struct lane *l)
{
	unsigned int i;

	for (i = 0; i < l->size; i++)
		turn(l);
	pthread_barrier_wait(&all_there);
	if (is_first(l)) {
		METER(ops, measured_turn(l));
		figures++;
		__atomic_store_n(&measured, true, __ATOMIC_SEQ_CST);
	} else {
		while (!__atomic_load_n(&measured, __ATOMIC_SEQ_CST))
			turn(l);
	}
	pthread_barrier_wait(&all_there);
	measured = false;
}

/* Whoever goes on does the next from now on. */
static void change(struct lane *l, enum act to)
{
	pthread_barrier_wait(&all_there);
	if (is_first(l))
		act = to;
	pthread_barrier_wait(&all_there);
}

static void yields_and_blocks(struct lane *l)
{
	unsigned int i;

	for (i = 0; i < l->size; i++)
		server_run(&l->server, &l->workers[i]);
	turns(l);
	change(l, BLOCK);
	for (i = 0; i < l->size; i++)
		run_next(l, UMCG_CUR_BLOCK);
	turns(l);
	change(l, LEAVE);
	for (i = 0; i < l->size; i++) {
		must(write(l->ends[1], "x", 1));
		run_next(l, UMCG_CUR_EXIT);
	}
	/* a server that ends is another one's to bury, who expects workers only */
	pthread_barrier_wait(&all_there);
}

static void receive(struct lane *l)
{
	unsigned int i;

	for (i = 0; i < l->size; i++)
		server_next(&l->server, NULL);
}

static void *other_lane(void *arg)
{
	struct lane *l = arg;

	run_on(l->cpu);
	server_join(&l->server, l->group);
	create(l);
	receive(l);
	yields_and_blocks(l);
	return NULL;
}

/* ---- the first server: it is measured ----------------------------------- */

static void share_out(void)
{
	unsigned int i;

	count = setting.place == EACH ? get_nprocs() : 1;
	if (count > SERVERS_MAX || count > setting.tasks)
		die("%u tasks for %u processors", setting.tasks, count);
	for (i = 0; i < count; i++) {
		lanes[i].cpu = i;
		lanes[i].size = (setting.tasks + i) / count;
		must(pipe(lanes[i].ends));
	}
	pthread_barrier_init(&all_there, NULL, count);
}

/* What they are charged for more than plain threads are. */
static void receive_and_weigh(struct lane *l, bool watched)
{
	long before = 0;

	gate_await_all(&before_register);
	if (watched)
		before = memory_charged();
	gate_open(&before_register);
	receive(l);
	if (watched)
		meter_value(setting.tasks, (double)(memory_charged() - before) /
						   setting.tasks);
}

static void crowd(unsigned int wanted)
{
	struct lane *l = &lanes[0];
	bool watched = setting.place == TOGETHER && memory_watch();
	unsigned int i;

	ops = wanted;
	share_out();
	server_start(&l->server);
	for (i = 1; i < count; i++) {
		lanes[i].group = l->server.group;
		spawn(other_lane, &lanes[i]);
	}
	create(l);
	receive_and_weigh(l, watched);
	figures++;
	yields_and_blocks(l);
	gate_open(&before_sched_yield);
	for (;;)
		pause();
}

static const char *const parts[] = { "memory", "crowd-yield", "crowd-block",
				     "crowd-sched" };

const struct bench crowd_cases[] = {
	{ .name = "crowd",
	  .what = "so many workers: memory of each; a turn that ends with a yield, with a block; of as many threads, with sched_yield()",
	  .policies = FIFO,
	  .places = TOGETHER | EACH,
	  .crowd = true,
	  .needs_umcg = true,
	  .parts = parts,
	  .run = crowd,
	  .cleanup = memory_forget },
	{}
};
