// SPDX-License-Identifier: MIT
/*
 * runtime.c - libumcg-runtime: yielding, and starting threads
 *
 * On one server. The runtime's threads begin with the policy and the place of the case,
 * as they are made by it.
 */
#include <umcg_runtime.h>

#include "server.h"

static struct umcg_rt *rt;
static unsigned int rounds;
static bool stop;

static void *nothing(void *arg)
{
	return arg;
}

static struct umcg_rt_thread *start(void *(*fn)(void *))
{
	struct umcg_rt_thread *t;

	if (umcg_rt_spawn(rt, &t, NULL, fn, NULL))
		die("umcg_rt_spawn");
	return t;
}

static void begin(unsigned int ops)
{
	struct umcg_rt_attr attr = { .servers = 1, .slice_ns = UMCG_RT_NO_SLICE };

	rounds = ops;
	if (umcg_rt_create(&rt, &attr))
		die("umcg_rt_create");
}

static void *yield_and_count(void *unused)
{
	METER(rounds, umcg_rt_yield());
	stop = true;
	return unused;
}

static void *yield_too(void *unused)
{
	while (!stop)
		umcg_rt_yield();
	return unused;
}

static void yields(unsigned int ops)
{
	begin(ops);
	start(yield_too);
	umcg_rt_join(start(yield_and_count), NULL);
	umcg_rt_destroy(rt);
}

static void *spawn_and_count(void *unused)
{
	METER(rounds, umcg_rt_join(start(nothing), NULL));
	return unused;
}

static void spawns(unsigned int ops)
{
	begin(ops);
	umcg_rt_join(start(spawn_and_count), NULL);
	umcg_rt_destroy(rt);
}

static void spawns_from_outside(unsigned int ops)
{
	begin(ops);
	METER(ops, umcg_rt_join(start(nothing), NULL));
	umcg_rt_destroy(rt);
}

static void theirs(unsigned int ops)
{
	METER(ops, pthread_join(spawn(nothing, NULL), NULL));
}

const struct bench runtime_cases[] = {
	{ .name = "rt-yield",
	  .what = "umcg_rt_yield() to another worker, which yields: two switches, each by the server",
	  .policies = ALL_POLICIES,
	  .needs_umcg = true,
	  .run = yields },
	{ .name = "rt-spawn",
	  .what = "umcg_rt_spawn() of a spare thread and umcg_rt_join(), by a worker",
	  .policies = ALL_POLICIES,
	  .needs_umcg = true,
	  .run = spawns },
	{ .name = "rt-spawn-outside",
	  .what = "the same by a plain thread",
	  .policies = ALL_POLICIES,
	  .needs_umcg = true,
	  .run = spawns_from_outside },
	{ .name = "pthread-spawn",
	  .what = "pthread_create() and pthread_join()",
	  .policies = ALL_POLICIES,
	  .run = theirs },
	{}
};
