// SPDX-License-Identifier: MIT
/*
 * stats.c - what is counted, and the report
 *
 * Each server counts for itself and is read after it has ended. The totals are
 * counted by the threads that answer requests, atomically.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "httpd.h"

struct totals totals;
static uint64_t began;

static const struct {
	int call;
	const char *name;
} names[] = {
	{ CALL_FAULT, "page fault" },
	{ CALL_UNKNOWN, "(not told in time)" },
	{ SYS_read, "read" },
	{ SYS_sendto, "sendto" },
	{ SYS_sendfile, "sendfile" },
	{ SYS_openat2, "openat2" },
#ifdef SYS_fstat
	{ SYS_fstat, "fstat" },
#endif
#ifdef SYS_newfstatat
	{ SYS_newfstatat, "newfstatat" },
#endif
	{ SYS_close, "close" },
	{ SYS_shutdown, "shutdown" },
	{ SYS_accept4, "accept4" },
	{ SYS_setsockopt, "setsockopt" },
	{ SYS_futex, "futex" },
	{ SYS_mmap, "mmap" },
	{ SYS_munmap, "munmap" },
	{ SYS_mprotect, "mprotect" },
	{ SYS_madvise, "madvise" },
	{ SYS_clone, "clone" },
	{ SYS_clone3, "clone3" },
	{ SYS_exit, "exit" },
	{ SYS_ioctl, "ioctl" },
	{ SYS_clock_nanosleep, "clock_nanosleep" },
};

const char *stats_call_name(int call)
{
	static char number[32];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].call == call)
			return names[i].name;
	snprintf(number, sizeof(number), "system call %d", call);
	return number;
}

void stats_begin(void)
{
	began = now_ns();
}

void stats_block(struct server_stats *stats, int call)
{
	stats->blocks++;
	if (call == CALL_FAULT)
		stats->faults++;
	else if (call >= 0 && call < (int)ARRAY_SIZE(stats->by_call))
		stats->by_call[call]++;
	else
		stats->unknown++;
}

static void add(struct server_stats *sum, const struct server_stats *s)
{
	sum->busy += s->busy;
	sum->started += s->started;
	sum->ended += s->ended;
	sum->switches += s->switches;
	sum->blocks += s->blocks;
	sum->wakes += s->wakes;
	sum->idles += s->idles;
	sum->missed += s->missed;
	sum->faults += s->faults;
	sum->unknown += s->unknown;
	for (size_t i = 0; i < ARRAY_SIZE(s->by_call); i++)
		sum->by_call[i] += s->by_call[i];
}

static void row(const char *name, const struct server_stats *s)
{
	uint64_t whole = s->ended - s->started;

	printf("  %-10s %9lu %9lu %9lu %9lu %7.1f %%\n", name, s->switches,
	       s->blocks, s->wakes, s->idles,
	       whole ? 100.0 * s->busy / whole : 0.0);
}

/* The reasons, most frequent first: there are few, so look for each in turn. */
static void reasons(const struct server_stats *sum)
{
	const size_t calls = ARRAY_SIZE(sum->by_call);
	unsigned long n[ARRAY_SIZE(sum->by_call) + 2];
	size_t i, best;
	int call;

	memcpy(n, sum->by_call, sizeof(sum->by_call));
	n[calls] = sum->faults;
	n[calls + 1] = sum->unknown;
	printf("\n  blocked in");
	for (int column = 0;; column++) {
		for (best = i = 0; i < ARRAY_SIZE(n); i++)
			if (n[i] > n[best])
				best = i;
		if (!n[best])
			break;
		if (column && column % 5 == 0)
			printf("\n            ");
		call = best;
		if (best >= calls)
			call = best == calls ? CALL_FAULT : CALL_UNKNOWN;
		printf(" %s %lu ", stats_call_name(call), n[best]);
		n[best] = 0;
	}
	putchar('\n');
}

static void report_servers(const struct server_stats **s, int count)
{
	struct server_stats sum = { 0 };
	char name[24];

	printf("\n  %-10s %9s %9s %9s %9s %9s\n", "", "switches", "blocks",
	       "wakes", "idle", "busy");
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "server %d", i + 1);
		row(name, s[i]);
		add(&sum, s[i]);
	}
	row("all", &sum);
	reasons(&sum);
	if (sum.missed)
		printf("  %lu picks were not runnable any more\n", sum.missed);
}

void stats_report(void)
{
	const struct server_stats *s[SERVERS_MAX];
	int count = sched_stats(s);

	printf("%lu requests on %lu connections in %.1f s, %.1f MB sent:\n"
	       "%lu answered, %lu of them with an error, %lu broken off\n",
	       totals.requests, totals.connections, (now_ns() - began) / 1e9,
	       totals.bytes / 1e6, totals.answered, totals.refused, totals.broken);
	if (totals.turned_away)
		printf("%lu connections were turned away for lack of room\n",
		       totals.turned_away);
	if (count)
		report_servers(s, count);
}
