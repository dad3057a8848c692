// SPDX-License-Identifier: MIT
/*
 * umcg-bench - what a switch costs, with umcg and without
 *
 * Each case runs in a process of its own, one for each policy and repetition. What
 * is printed is for people, or with -j a line of JSON for each case and policy;
 * bench/run does the rest.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define OPS		1000
#define REPEATS_MAX	99
#define PRIORITY	10

struct figures *figures;
struct setting setting = { .place = TOGETHER };

static const struct bench *const groups[] = {
	handoff_cases, pingpong_cases, seccomp_cases, wake_cases, kick_cases,
	life_cases, plain_cases, sync_cases, runtime_cases, crowd_cases, latency_cases,
};

static struct options {
	unsigned int ops, repeats, policies;
	const char *where;
	bool json, plain;
} options = { .repeats = 3, .policies = ALL_POLICIES, .where = "" };

static const char usage[] =
	"usage: umcg-bench [OPTION]... [CASE]...	all cases, unless said\n"
	"       umcg-bench hold			open a group, and wait to be killed\n"
	"\n"
	"  -n OPS	operations of a run\n"
	"  -r N		runs of each case (3)\n"
	"  -p POLICIES	other, batch, fifo: only these\n"
	"  -x		only cases that show what the module costs those who do not use it\n"
	"  -c PLACE	where threads run: together on processor 0 (unless said); free,\n"
	"		where the scheduler puts them; across, on processors 0 and 1;\n"
	"		each: servers on all processors\n"
	"  -t TASKS	only cases that are about the number of threads, with so many\n"
	"  -w WORD	put that into the results: where they were taken\n"
	"  -j		JSON, a line for each\n"
	"  -l		list the cases\n"
	"\n"
	"Times are in nanoseconds, by CLOCK_MONOTONIC.\n"
	"FIFO needs the right to it: without, -p other,batch.\n";

static const char *policy_name(unsigned int policy)
{
	return policy == FIFO ? "fifo" : policy == BATCH ? "batch" : "other";
}

/* In the child. What the last one has left behind is over after a sleep. */
static void run_case(const struct bench *b, unsigned int policy,
		     unsigned int ops)
{
	static const struct timespec a_while = { .tv_nsec = 50 * 1000 * 1000 };

	if (setting.place != FREE)
		run_on(0);
	nanosleep(&a_while, NULL);
	set_policy(0, policy, PRIORITY);
	b->run(ops);
	_exit(EXIT_SUCCESS);
}

static unsigned int ops_of(const struct bench *b)
{
	return options.ops ? options.ops : b->ops ? b->ops : OPS;
}

static bool run_once(const struct bench *b, unsigned int policy,
		     unsigned int ops)
{
	int status;
	pid_t child;

	fflush(NULL);
	memset(figures, 0, PARTS_MAX * sizeof(*figures));
	child = must(fork());
	if (!child)
		run_case(b, policy, ops);
	must(waitpid(child, &status, 0));
	if (b->cleanup)
		b->cleanup();
	if (!status)
		return true;
	fprintf(stderr, "umcg-bench: %s (%s) failed, status %#x\n", b->name,
		policy_name(policy), status);
	return false;
}

static int by_mean(const void *a, const void *b)
{
	double x = ((const struct figures *)a)->mean;
	double y = ((const struct figures *)b)->mean;

	return (x > y) - (x < y);
}

static void print_json(const char *name, unsigned int policy,
		       const struct figures *f, double spread)
{
	printf("{\"case\": \"%s\", \"policy\": \"%s\", \"where\": \"%s\", \"ops\": %u",
	       name, policy_name(policy), options.where, f->ops);
	printf(", \"mean\": %.1f, \"spread\": %.1f, \"p50\": %.0f, \"p99\": %.0f, \"max\": %.0f",
	       f->mean, spread, f->p50, f->p99, f->max);
	printf(", \"switches\": %.2f, \"own\": %.2f, \"ipis\": %.2f",
	       f->switches, f->own, f->ipis);
	if (f->stayed >= 0)
		printf(", \"stayed\": %.4f", f->stayed);
	puts("}");
}

/* That of several runs whose mean is in the middle, and how far those go apart. */
static void print(const char *name, unsigned int policy, struct figures *runs)
{
	const struct figures *f = &runs[options.repeats / 2];
	double spread;

	qsort(runs, options.repeats, sizeof(*runs), by_mean);
	spread = runs[options.repeats - 1].mean - runs[0].mean;
	if (options.json)
		print_json(name, policy, f, spread);
	else
		printf("%-16s %-6s %-6s %6u %10.1f %8.1f %9.0f %9.0f %9.0f %6.2f %6.2f %6.2f %6.4f\n",
		       name, policy_name(policy), options.where, f->ops,
		       f->mean, spread, f->p50, f->p99, f->max, f->switches,
		       f->own, f->ipis, f->stayed);
}

static bool bench(const struct bench *b, unsigned int policy)
{
	static struct figures runs[PARTS_MAX][REPEATS_MAX];
	unsigned int i, part;

	for (i = 0; i < options.repeats; i++) {
		if (!run_once(b, policy, ops_of(b)))
			return false;
		for (part = 0; part < PARTS_MAX; part++)
			runs[part][i] = figures[part];
	}
	for (part = 0; part < PARTS_MAX; part++)
		if (runs[part][0].ops)
			print(b->parts ? b->parts[part] : b->name, policy,
			      runs[part]);
	return true;
}

static bool chosen(const struct bench *b, char **names)
{
	if ((options.plain && !b->plain) || b->crowd != !!setting.tasks ||
	    !(setting.place & (b->places ? b->places : TOGETHER)))
		return false;
	if (!*names)
		return !b->needs_umcg || !access(UMCG_DEVICE, F_OK);
	for (; *names; names++)
		if (!strcmp(*names, b->name))
			return true;
	return false;
}

static int bench_all(char **names)
{
	unsigned int i, policy, done = 0;
	const struct bench *b;
	int result = 0;

	if (!options.json)
		printf("%-16s %-6s %-6s %6s %10s %8s %9s %9s %9s %6s %6s %6s %6s\n",
		       "case", "policy", "where", "ops", "mean", "spread",
		       "p50", "p99", "max", "ctxt", "own", "ipis", "stayed");
	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		for (b = groups[i]; b->name; b++)
			for (policy = OTHER; policy <= FIFO; policy <<= 1) {
				if (!chosen(b, names) ||
				    !(policy & b->policies & options.policies))
					continue;
				result |= !bench(b, policy);
				done++;
			}
	if (!done)
		die("no such case: umcg-bench -l");
	return result;
}

static void list(void)
{
	const struct bench *b;
	unsigned int i;

	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		for (b = groups[i]; b->name; b++)
			printf("%-16s %s\n", b->name, b->what);
	exit(EXIT_SUCCESS);
}

static unsigned int policies(const char *names)
{
	return (strstr(names, "other") ? OTHER : 0) |
	       (strstr(names, "batch") ? BATCH : 0) |
	       (strstr(names, "fifo") ? FIFO : 0);
}

static unsigned int place(const char *name)
{
	static const char *const names[] = { "together", "free", "across",
					     "each" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return 1U << i;
	die("-c: together, free, across or each");
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:r:p:c:t:w:xjlh")) != -1) {
		switch (c) {
		case 'n':
			options.ops = atoi(optarg);
			break;
		case 'r':
			options.repeats = atoi(optarg);
			break;
		case 'p':
			options.policies = policies(optarg);
			break;
		case 'c':
			setting.place = place(optarg);
			break;
		case 't':
			setting.tasks = atoi(optarg);
			break;
		case 'w':
			options.where = optarg;
			break;
		case 'x':
			options.plain = true;
			break;
		case 'j':
			options.json = true;
			break;
		case 'l':
			list();
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? EXIT_SUCCESS : 2);
		}
	}
	if (options.repeats < 1 || options.repeats > REPEATS_MAX)
		die("-r: 1 to %d", REPEATS_MAX);
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	argv += optind;
	if (*argv && !strcmp(*argv, "hold"))
		return hold_main();
	figures = mmap(NULL, PARTS_MAX * sizeof(*figures), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (figures == MAP_FAILED)
		die("no memory");
	return bench_all(argv);
}
