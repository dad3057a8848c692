// SPDX-License-Identifier: GPL-2.0-only
/*
 * A handoff has not become dearer than recorded, by more than 3 %.
 *
 * With icount a nanosecond of the guest is one instruction, and equal runs are equal
 * to the bit, so a few rounds are enough. What was recorded stands in bench/results,
 * and holds for just that kernel: a newer one is skipped until somebody records it.
 */
/* vm: --icount --smp 1 --with bench/results */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "suite.h"

#define BENCH		"build/bench/umcg-bench"
#define TOLERANCE	1.03

static const char *const files[] = {
	"bench/results/6.1.json",
	"bench/results/6.12.json",
	"bench/results/latest.json",
};

/* The file that was recorded on the kernel which runs; NULL: there is none. */
static FILE *recorded(const char **name)
{
	struct utsname uts;
	char line[512], release[128];
	unsigned int i;
	FILE *file;

	expect_sys(uname(&uts));
	snprintf(release, sizeof(release), "\"release\": \"%s\"", uts.release);
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		file = fopen(files[i], "re");
		if (!file)
			continue;
		*name = files[i];
		if (fgets(line, sizeof(line), file) && strstr(line, release))
			return file;
		fclose(file);
	}
	return NULL;
}

/* The mean of that case; -1: it is not there. */
static double mean_of(FILE *file, const char *name, const char *policy)
{
	static const char mean[] = "\"mean\": ";
	char line[512], key[128];
	const char *found;

	snprintf(key, sizeof(key),
		 "\"case\": \"%s\", \"policy\": \"%s\", \"where\": \"\"", name,
		 policy);
	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		found = strstr(line, key) ? strstr(line, mean) : NULL;
		if (found)
			return strtod(found + strlen(mean), NULL);
	}
	return -1;
}

static double measure(const char *name, const char *policy)
{
	char command[128];
	FILE *file = tmpfile(), *output;
	char line[512];
	double mean;

	snprintf(command, sizeof(command), BENCH " -j -p %s %s", policy, name);
	output = popen(command, "r");
	expect(file && output);
	while (fgets(line, sizeof(line), output))
		fputs(line, file);
	expect_eq(pclose(output), 0);
	mean = mean_of(file, name, policy);
	fclose(file);
	return mean;
}

static void compare(FILE *file, const char *name, const char *policy)
{
	double before = mean_of(file, name, policy);
	double after = measure(name, policy);

	expect(before > 0 && after > 0);
	note("%s, %s: %.1f instructions, %.1f recorded, %+.1f %%", name, policy,
	     after, before, 100 * (after / before - 1));
	if (after > before * TOLERANCE)
		ck_abort_msg("%s (%s) takes %.0f instructions instead of %.0f; if that is meant, record it: bench/run KERNEL, and commit bench/results",
			     name, policy, after, before);
}

static void guard(const char *test, const char *name)
{
	const char *which = NULL;
	FILE *file = recorded(&which);

	if (!file) {
		skip_say(test, "nothing is recorded for this kernel: bench/run KERNEL does it");
		return;
	}
	compare(file, name, "batch");
	compare(file, name, "fifo");
	fclose(file);
}

START_TEST(worker_to_worker)
{
	guard(__func__, "w2w");
}
END_TEST

START_TEST(server_to_worker_to_server)
{
	guard(__func__, "sws");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("bench_guard");

	ADD(s, worker_to_worker, 100);
	ADD(s, server_to_worker_to_server, 100);
	return s;
}
