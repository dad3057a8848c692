// SPDX-License-Identifier: MIT
/* handoff.c - giving the turn to another, and taking it back */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

#include "server.h"

static struct server server;
static struct worker pair[2];
static unsigned int rounds;
static bool with_call, stop;
static unsigned int answers;
static int ends[2];

static void call(void)
{
	if (with_call)
		syscall(SYS_getppid);
}

static void ask(struct worker *self)
{
	unsigned int i;

	for (i = 0; i < WARM_UP; i++) {
		call();
		hand_to(self, &pair[1]);
	}
	meter_begin(rounds);
	do {
		call();
		hand_to(self, &pair[1]);
		meter_landed();
	} while (meter_op());
	meter_end();
	if (answers != rounds + WARM_UP)
		die("%u round trips are %u", rounds + WARM_UP, answers);
	stop = true;
	hand_to(self, &pair[1]);
}

static void answer(struct worker *self)
{
	while (!stop) {
		answers++;
		meter_landed();
		call();
		hand_to(self, &pair[0]);
	}
}

static void worker_to_worker(unsigned int ops)
{
	rounds = ops;
	pair[0].run = ask;
	pair[1].run = answer;
	pair[1].answers = true;
	server_start(&server);
	hire(&server, &pair[0]);
	hire(&server, &pair[1]);
	serve(&server, pair, 2);
}

static void worker_to_worker_call(unsigned int ops)
{
	with_call = true;
	worker_to_worker(ops);
}

static void park_often(struct worker *self)
{
	while (!stop) {
		meter_landed();
		park(self);
	}
}

static void run_once(struct worker *w)
{
	if (server_run(&server, w) != UMCG_CUR_WAIT)
		die("a worker has not parked");
	meter_landed();
}

static void server_to_worker(unsigned int ops)
{
	struct worker *w = pair;

	w->run = park_often;
	w->answers = true;
	server_start(&server);
	hire(&server, w);
	METER(ops, run_once(w));
	stop = true;
	serve(&server, w, 1);
}

static void yield_often(struct worker *self)
{
	while (!stop)
		umcg_run(self->group, self->self, 0, UMCG_WAIT_ENQUEUE, 0);
}

static void yield_once(struct worker *w)
{
	if (server_run(&server, w) != UMCG_CUR_WAIT ||
	    server_next(&server, NULL) != w)
		die("a worker has not yielded");
}

static void server_yield(unsigned int ops)
{
	struct worker *w = pair;

	w->run = yield_often;
	server_start(&server);
	hire(&server, w);
	METER(ops, yield_once(w));
	stop = true;
	serve(&server, w, 1);
}

static void read_often(struct worker *self)
{
	char byte;

	(void)self;
	while (!stop)
		must(read(ends[0], &byte, 1));
}

static void block_once(struct worker *w)
{
	if (server_run(&server, w) != UMCG_CUR_BLOCK)
		die("a worker has not blocked");
	must(write(ends[1], "x", 1));
	if (server_next(&server, NULL) != w)
		die("a worker has not come back");
}

static void block_cycle(unsigned int ops)
{
	struct worker *w = pair;

	must(pipe(ends));
	w->run = read_often;
	server_start(&server);
	hire(&server, w);
	METER(ops, block_once(w));
	stop = true;
	serve(&server, w, 1);
}

const struct bench handoff_cases[] = {
	{ .name = "w2w",
	  .what = "worker to worker and back",
	  .policies = ALL_POLICIES,
	  .places = TOGETHER | FREE | ACROSS,
	  .needs_umcg = true,
	  .run = worker_to_worker },
	{ .name = "w2w-getppid",
	  .what = "the same, a getppid() before each handoff",
	  .policies = ALL_POLICIES,
	  .needs_umcg = true,
	  .run = worker_to_worker_call },
	{ .name = "sws",
	  .what = "server runs worker, worker parks",
	  .policies = ALL_POLICIES,
	  .places = TOGETHER | FREE | ACROSS,
	  .needs_umcg = true,
	  .run = server_to_worker },
	{ .name = "sws-yield",
	  .what = "server runs worker, worker yields, server takes its list",
	  .policies = ALL_POLICIES,
	  .needs_umcg = true,
	  .run = server_yield },
	{ .name = "block",
	  .what = "server runs worker, it blocks in read(), server writes, worker is queued",
	  .policies = ALL_POLICIES,
	  .needs_umcg = true,
	  .run = block_cycle },
	{}
};
