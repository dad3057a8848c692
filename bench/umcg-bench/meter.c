// SPDX-License-Identifier: MIT
/*
 * meter.c - how long an operation takes, and how often it switches
 *
 * One reading of the clock for each operation: what that costs is measured and
 * taken off. What is kept of /proc is read before the first and behind the last.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "bench.h"

#define CLOCK_ROUNDS	301

struct counters {
	unsigned long switches, own, ipis;
};

static __u64 *times;
static unsigned int wanted, have;
static __u64 last, clock_cost;
static struct counters before;
static bool partial;
static unsigned int landed, stayed;
static int last_cpu;

__u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

/* The numbers of all processors in the lines of /proc/interrupts with that name. */
static unsigned long interrupts(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	unsigned long sum = 0, n;
	char *end;

	if (!line)
		return 0;
	for (line += strlen(name);; line = end) {
		n = strtoul(line, &end, 10);
		if (end == line)
			return sum;
		sum += n;
	}
}

static void slurp(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(text, 1, size - 1, file) : 0;

	text[length] = '\0';
	if (file)
		fclose(file);
}

static void count(struct counters *c)
{
	static char text[1 << 16];
	struct rusage usage;
	const char *found;

	slurp("/proc/interrupts", text, sizeof(text));
	c->ipis = interrupts(text, "RES:") + interrupts(text, "CAL:") +
		  interrupts(text, "IWI:");
	slurp("/proc/stat", text, sizeof(text));
	found = strstr(text, "\nctxt ");
	c->switches = found ? strtoul(found + 6, NULL, 10) : 0;
	getrusage(RUSAGE_SELF, &usage);
	c->own = usage.ru_nvcsw + usage.ru_nivcsw;
}

static __u64 measure_clock(void)
{
	__u64 costs[CLOCK_ROUNDS], begin;
	int i;

	for (i = 0; i < CLOCK_ROUNDS; i++) {
		begin = now();
		costs[i] = now() - begin;
	}
	qsort(costs, CLOCK_ROUNDS, sizeof(*costs), compare);
	return costs[CLOCK_ROUNDS / 2];
}

void meter_begin(unsigned int ops)
{
	times = mmap(NULL, ops * sizeof(*times), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (times == MAP_FAILED)
		die("no memory for %u times", ops);
	wanted = ops;
	have = 0;
	partial = false;
	landed = 0;
	stayed = 0;
	last_cpu = sched_getcpu();
	clock_cost = measure_clock();
	/* twice: what it takes to read them is then not new */
	count(&before);
	count(&before);
	last = now();
}

void meter_start(void)
{
	last = now();
}

bool meter_took(__u64 ns)
{
	times[have++] = ns > clock_cost ? ns - clock_cost : 0;
	return have < wanted;
}

bool meter_warm(unsigned int *done, unsigned int ops)
{
	if (++*done == WARM_UP)
		meter_begin(ops);
	return true;
}

bool meter_op(void)
{
	__u64 t = now();
	bool more = meter_took(t - last);

	last = t;
	return more;
}

void meter_partial(void)
{
	partial = true;
}

void meter_landed(void)
{
	int cpu;

	if (setting.place != FREE)
		return;
	cpu = sched_getcpu();
	landed++;
	stayed += cpu == last_cpu;
	last_cpu = cpu;
}

void meter_value(unsigned int ops, double mean)
{
	*figures = (struct figures){
		.ops = ops,
		.mean = mean,
		.p50 = -1,
		.p99 = -1,
		.max = -1,
		.switches = -1,
		.own = -1,
		.ipis = -1,
		.stayed = -1,
	};
}

void meter_end(void)
{
	struct counters after;
	double sum = 0;
	unsigned int i;

	count(&after);
	if (have != wanted)
		die("%u operations instead of %u", have, wanted);
	for (i = 0; i < have; i++)
		sum += times[i];
	qsort(times, have, sizeof(*times), compare);
	meter_value(have, sum / have);
	figures->p50 = times[have / 2];
	figures->p99 = times[have * 99 / 100];
	figures->max = times[have - 1];
	if (landed)
		figures->stayed = (double)stayed / landed;
	if (partial)
		return;
	figures->switches = (double)(after.switches - before.switches) / have;
	figures->own = (double)(after.own - before.own) / have;
	figures->ipis = (double)(after.ipis - before.ipis) / have;
}
