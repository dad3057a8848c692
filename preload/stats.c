// SPDX-License-Identifier: MIT
/* What the runtime has done, for a person to read, when the process ends by exit(). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define ROOM		2048	/* for statistics of threads */
#define SHOWN		64	/* threads that have a line */

struct all {
	struct umcg_rt_stats thread[ROOM];
	size_t n;
};

static double ms(__u64 ns)
{
	return (double)ns / 1e6;
}

static double mean_us(const struct umcg_rt_stats *s)
{
	return s->runs ? (double)s->wait_ns / 1e3 / (double)s->runs : 0;
}

static double passed_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec - (double)run_since();
}

static void add(struct umcg_rt_stats *sum, const struct umcg_rt_stats *s)
{
	sum->runs += s->runs;
	sum->blocks += s->blocks;
	sum->yields += s->yields;
	sum->parks += s->parks;
	sum->preempts += s->preempts;
	sum->exits += s->exits;
	sum->steals += s->steals;
	sum->idles += s->idles;
	sum->run_ns += s->run_ns;
	sum->wait_ns += s->wait_ns;
	if (s->wait_max_ns > sum->wait_max_ns)
		sum->wait_max_ns = s->wait_max_ns;
}

static void show_server(FILE *out, const char *name, const struct umcg_rt_stats *s, double ns)
{
	fprintf(out, "  %-10s %9llu %9llu %8llu %8llu %8llu %8llu %8llu %6.1f %%\n", name,
		s->runs, s->blocks, s->yields, s->parks, s->preempts, s->steals, s->idles,
		(double)s->run_ns / ns * 100);
}

static void show_servers(FILE *out, struct umcg_rt *rt)
{
	struct umcg_rt_stats sum = { .tid = 0 }, s;
	__u32 i, n = umcg_rt_servers(rt);
	double ns = passed_ns();
	char name[16];

	fprintf(out, "  %-10s %9s %9s %8s %8s %8s %8s %8s %8s\n", "server", "runs", "blocks",
		"yields", "parks", "preempts", "steals", "idles", "busy");
	for (i = 0; i < n; i++) {
		if (umcg_rt_server_stats(rt, i, &s))
			continue;
		add(&sum, &s);
		snprintf(name, sizeof(name), "%u", i + 1);
		show_server(out, name, &s, ns);
	}
	show_server(out, "all", &sum, ns * n);
}

static int take(const struct umcg_rt_stats *stats, void *arg)
{
	struct all *all = arg;

	all->thread[all->n++] = *stats;
	return all->n == ROOM;
}

static int by_time(const void *left, const void *right)
{
	const struct umcg_rt_stats *a = left, *b = right;

	return a->run_ns < b->run_ns ? 1 : -(a->run_ns > b->run_ns);
}

static void show_thread(FILE *out, const char *tid, const char *name,
			const struct umcg_rt_stats *s)
{
	fprintf(out, "  %-10s %-15s %9llu %9llu %8llu %10.3f %10.1f %10.1f\n", tid, name,
		s->runs, s->blocks, s->preempts, ms(s->run_ns), mean_us(s),
		(double)s->wait_max_ns / 1e3);
}

static void show_threads(FILE *out, struct umcg_rt *rt, struct all *all)
{
	struct umcg_rt_stats sum = { .tid = 0 }, rest = { .tid = 0 };
	char tid[16];
	size_t i;

	umcg_rt_each_worker(rt, take, all);
	qsort(all->thread, all->n, sizeof(*all->thread), by_time);
	fprintf(out, "  %-10s %-15s %9s %9s %8s %10s %10s %10s\n", "thread", "name", "runs",
		"blocks", "preempts", "ran ms", "wait us", "max us");
	for (i = 0; i < all->n; i++) {
		add(&sum, &all->thread[i]);
		if (i >= SHOWN) {
			add(&rest, &all->thread[i]);
			continue;
		}
		snprintf(tid, sizeof(tid), "%u", all->thread[i].tid);
		show_thread(out, tid, all->thread[i].name, &all->thread[i]);
	}
	snprintf(tid, sizeof(tid), "%zu", all->n > SHOWN ? all->n - SHOWN : 0);
	if (all->n > SHOWN)
		show_thread(out, tid, "others", &rest);
	snprintf(tid, sizeof(tid), "%zu", all->n);
	show_thread(out, tid, "all", &sum);
}

static void show(FILE *out, struct umcg_rt *rt, struct all *all)
{
	const struct umcg_rt_policy *policy = run_options()->attr.policy;

	fprintf(out, "umcg run: %s (%d), %.3f s, %u servers, %s\n",
		program_invocation_short_name, getpid(), passed_ns() / 1e9,
		umcg_rt_servers(rt), policy ? policy->name : umcg_rt_fifo.name);
	show_servers(out, rt);
	show_threads(out, rt, all);
	if (run_plain())
		fprintf(out, "  %u threads ran as they are: there was no slot for them\n",
			run_plain());
}

static int standard_error = -1;

/* Programs close theirs before they end, as those that look whether all was written. */
void stats_init(void)
{
	const char *where = run_options()->stats;

	if (where && !strcmp(where, "-"))
		standard_error = real_out_of_the_way(STDERR_FILENO);
}

int stats_file(void)
{
	return standard_error;
}

/* One write, so that what several processes say does not get mixed up. */
static void put(const char *where, const char *text, size_t size)
{
	int fd = standard_error;

	if (strcmp(where, "-"))
		fd = open(where, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		fprintf(stderr, "umcg run: %s: %s\n", where, strerror(errno));
	if (fd >= 0 && fd != standard_error)
		close(fd);
}

__attribute__((destructor)) static void at_the_end(void)
{
	const char *where = run_options()->stats;
	struct umcg_rt *rt = run_runtime();
	struct all *all;
	size_t size;
	char *text;
	FILE *out;

	if (!where || !rt)
		return;
	all = calloc(1, sizeof(*all));
	out = all ? open_memstream(&text, &size) : NULL;
	if (out) {
		show(out, rt, all);
		if (fclose(out) == 0)
			put(where, text, size);
	}
	free(all);
}
