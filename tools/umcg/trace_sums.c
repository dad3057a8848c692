// SPDX-License-Identifier: MIT
/* A recording in words: what the servers did, and what workers blocked in. */
#include <stdlib.h>

#include "syscalls.h"
#include "trace.h"

#define CALLS		(UMCG_BLOCKED_FAULT + 2)	/* the last one: not known */
#define CALLS_SHOWN	8

struct call {
	uint32_t nr;
	uint64_t count, time;
};

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static void put_servers(FILE *out, const struct timeline *t)
{
	uint64_t whole = t->end - t->begin;
	const struct actor *a;

	fprintf(out, "%5s %8s %9s %9s %9s %9s %9s %8s %8s %8s\n", "group", "server", "runs",
		"blocks", "parks", "yields", "preempts", "runs", "idles", "itself");
	for (a = t->actors; a < t->actors + t->nactors; a++) {
		const struct sums *s = &a->sums;

		if (!a->is_server)
			continue;
		fprintf(out, "%5u %8u %9llu %9llu %9llu %9llu %9llu %6.1f %% %6.1f %% %6.1f %%\n",
			a->group, a->tid, (unsigned long long)s->runs,
			(unsigned long long)s->stops[WHY_BLOCK],
			(unsigned long long)s->stops[WHY_PARK],
			(unsigned long long)s->stops[WHY_YIELD],
			(unsigned long long)s->stops[WHY_PREEMPT],
			percent(s->time[SPAN_RUNS], whole), percent(s->time[SPAN_IDLES], whole),
			percent(s->time[SPAN_SCHEDULES], whole));
	}
}

static int by_time(const void *one, const void *two)
{
	const struct call *a = one, *b = two;

	return a->time < b->time ? 1 : -(a->time > b->time);
}

/* Blocked in what, those first that took longest. */
static void put_calls(FILE *out, const struct timeline *t)
{
	struct call *calls = calloc(CALLS, sizeof(*calls));
	char room[SYSCALL_NAME_MAX];
	const struct span *s;
	uint32_t i;

	if (!calls)
		return;
	for (s = t->spans; s < t->spans + t->nspans; s++)
		if (s->kind == SPAN_BLOCKED && s->nr < CALLS) {
			calls[s->nr].nr = s->nr;
			calls[s->nr].count++;
			calls[s->nr].time += s->end - s->begin;
		}
	qsort(calls, CALLS, sizeof(*calls), by_time);
	for (i = 0; i < CALLS_SHOWN && calls[i].count; i++)
		fprintf(out, "%s %-16s %9llu times, %12.3f ms\n", i ? "          " : "blocked in",
			calls[i].nr == NR_UNKNOWN ? "(not recorded)" :
						    syscall_name(calls[i].nr, room),
			(unsigned long long)calls[i].count, (double)calls[i].time / 1e6);
	free(calls);
}

void write_trace_sums(FILE *out, const struct timeline *t)
{
	size_t i, servers = 0;

	for (i = 0; i < t->nactors; i++)
		servers += t->actors[i].is_server;
	fprintf(out, "umcg: %.6f s, %zu groups, %zu servers, %zu workers\n",
		(double)(t->end - t->begin) / 1e9, t->ngroups, servers,
		t->nactors - servers);
	if (servers)
		put_servers(out, t);
	put_calls(out, t);
}
