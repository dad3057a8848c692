// SPDX-License-Identifier: MIT
/*
 * runtime.c - threads of libumcg-runtime: spawn, sleep, join
 *
 * More threads than processors, of plain code: they sleep, compute and lock, and only as
 * many as there are servers run at a time. The servers say in the end what they saw.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <umcg_runtime.h>
#include <unistd.h>

#define THREADS	8
#define ROUNDS	5

static struct umcg_mutex lock;
static unsigned long sum; /* under the lock */

static __u64 in_ms(__u64 ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000000000 + (__u64)t.tv_nsec + ms * 1000000;
}

/* In a worker a call that blocks, as usleep() does, lets another run; so does sleeping. */
static void *work(void *arg)
{
	unsigned long mine = 0;

	for (int i = 0; i < ROUNDS; i++) {
		for (unsigned long j = 0; j < 100000; j++)
			mine += j % 7;
		if (i % 2)
			usleep(1000);
		else
			umcg_rt_sleep_until(in_ms(1));
		umcg_mutex_lock(&lock);
		sum++;
		umcg_mutex_unlock(&lock);
	}
	*(unsigned long *)arg = mine;
	return arg;
}

static int say(const struct umcg_rt_stats *s, void *format)
{
	printf(format, s->name, (unsigned long)s->runs, (unsigned long)s->blocks,
	       (unsigned long)s->parks, (unsigned long)s->preempts);
	return 0;
}

int main(void)
{
	struct umcg_rt_thread_attr attr = { .name = "adder" };
	struct umcg_rt_thread *t[THREADS];
	unsigned long result[THREADS];
	struct umcg_rt_stats stats;
	char why[UMCG_WHY_MAX];
	struct umcg_rt *rt;
	void *value;
	int error;

	if (umcg_available(why, sizeof(why))) {
		fprintf(stderr, "runtime: %s\n", why);
		return 1;
	}
	error = umcg_rt_create(&rt, NULL);
	if (error) {
		fprintf(stderr, "runtime: umcg_rt_create: %s\n", strerror(-error));
		return 1;
	}
	for (int i = 0; i < THREADS; i++) {
		error = umcg_rt_spawn(rt, &t[i], &attr, work, &result[i]);
		if (error) {
			fprintf(stderr, "runtime: umcg_rt_spawn: %s\n", strerror(-error));
			return 1;
		}
	}
	for (int i = 0; i < THREADS; i++)
		umcg_rt_join(t[i], &value);
	printf("%d threads, %lu rounds, %u servers\n", THREADS, sum, umcg_rt_servers(rt));
	for (__u32 i = 0; i < umcg_rt_servers(rt); i++) {
		umcg_rt_server_stats(rt, i, &stats);
		say(&stats, "%-14s %4lu runs: %4lu blocked, %4lu parked, %4lu preempted\n");
	}
	umcg_rt_each_worker(rt, say, "%-14s %4lu runs: %4lu blocked, %4lu parked, %4lu preempted\n");
	return umcg_rt_destroy(rt) || sum != THREADS * ROUNDS;
}
