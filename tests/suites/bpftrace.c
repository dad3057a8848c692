// SPDX-License-Identifier: GPL-2.0-only
/* vm: --with bpftrace --with tools/bpftrace --mem 2048 */
/*
 * The scripts of tools/bpftrace/, run by bpftrace itself on a program that does what they
 * are about: what they count is what it did.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "crew.h"
#include "suite.h"
#include "tracefs.h"

#define SELF		"build/tests/bpftrace"
#define SECONDS		240 /* an emulated processor, and all of LLVM */
#define NAPS		5
#define NAP_US		20000
#define STARVED_MS	300

/* --- the program ------------------------------------------------------------- */

static long nap(struct worker *w)
{
	int i;

	(void)w;
	for (i = 0; i < NAPS; i++)
		usleep(NAP_US);
	return 0;
}

/* A worker that waits long for its first turn, and then sleeps some times. */
int helper_main(int argc, char **argv)
{
	struct worker w = { .run = nap };
	struct server boss;

	(void)argc;
	(void)argv;
	server_start(&boss, open_group());
	printf("server %d.\n", gettid());
	fflush(stdout);
	worker_hire(&boss, &w);
	sleep_ns(STARVED_MS * MSEC);
	server_run_out(&boss, &w);
	return 0;
}

/* --- what is said of it -------------------------------------------------------- */

#define needs_bpf()							\
	do {								\
		if (access("/proc/sys/kernel/unprivileged_bpf_disabled", F_OK)) \
			skip("this kernel has no BPF");			\
		if (!trace_possible())					\
			skip("this kernel has no tracefs");		\
	} while (0)

/* While the program runs, and no longer. */
static void trace_with(const char *script)
{
	char line[256];

	snprintf(line, sizeof(line), "bpftrace -c '" SELF " naps' tools/bpftrace/%s", script);
	ck_assert_msg(run_line(line) == 0, "%s: %s", line, said);
	says("SIGINT ends it.");
}

/* The lower end of the first row, in us, of the histogram behind that name. */
static long histogram_begins(const char *name)
{
	const char *row = strstr(said, name);
	char *unit;
	long from;

	ck_assert_msg(row, "no \"%s\" in: %s", name, said);
	row = strchr(row, '\n');
	ck_assert_msg(row && row[1] == '[', "no histogram behind \"%s\" in: %s", name, said);
	from = strtol(row + 2, &unit, 10);
	return *unit == 'K' ? from << 10 : *unit == 'M' ? from << 20 : from;
}

static pid_t server_tid(void)
{
	const char *text = strstr(said, "server ");

	ck_assert_msg(text, "%s", said);
	return atoi(text + strlen("server "));
}

START_TEST(blocks)
{
	char line[64];

	needs_bpf();
	trace_with("umcg-blocks.bt");
	snprintf(line, sizeof(line), "@calls[%d]: %d\n", SYS_clock_nanosleep, NAPS);
	says(line);
	snprintf(line, sizeof(line), "@usecs[%d]:", SYS_clock_nanosleep);
	expect(histogram_begins(line) >= 16 << 10);
	says_not("@since");
}
END_TEST

START_TEST(latency)
{
	char line[64];

	needs_bpf();
	trace_with("umcg-latency.bt");
	snprintf(line, sizeof(line), "@usecs[%d]:", server_tid());
	expect(histogram_begins(line) < STARVED_MS * 1000);
	ck_assert_msg(strstr(said, "[256K, 512K)") || strstr(said, "[512K, 1M)"), "%s", said);
	expect(histogram_begins("@told:") < STARVED_MS * 1000);
	says_not("@queued");
}
END_TEST

START_TEST(starved)
{
	char at[32], group[32];
	int worker, server, waited;
	const char *row;

	needs_bpf();
	trace_with("umcg-starved.bt 250");
	says("Workers not run for 250 ms.");
	row = strstr(said, "WAITED ms\n");
	ck_assert_msg(row, "%s", said);
	row = strstr(row, "server ") ? strchr(strstr(row, "server "), '\n') : strchr(row, '\n');
	ck_assert_msg(sscanf(row, " %31s %31s %d %d %d", at, group, &worker, &server, &waited) == 5,
		      "%s", said);
	expect_eq(server, server_tid());
	expect(worker != server && waited >= STARVED_MS);
	says("@starved: 1\n");
	says_not("@not_run");
}
END_TEST

START_TEST(nobody_starved)
{
	needs_bpf();
	trace_with("umcg-starved.bt 60000");
	server_tid();
	says_not("@starved: 1");
	says_not("@not_run");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("bpftrace");

	ADD(s, blocks, SECONDS);
	ADD(s, latency, SECONDS);
	ADD(s, starved, SECONDS);
	ADD(s, nobody_starved, SECONDS);
	return s;
}
