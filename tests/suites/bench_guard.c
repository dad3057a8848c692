// SPDX-License-Identifier: GPL-2.0-only
/*
 * No figure of the short bench is more than 3 % worse than recorded.
 *
 * With icount a nanosecond of the guest is one instruction, so a few rounds are enough,
 * and their median has no timer tick in it. What was recorded holds for the kernel of
 * that release; on a newer one nothing is compared until somebody records it.
 */
/* vm: --smp 1 --icount --with bench/guard */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "suite.h"

#define RUN		"bench/guard/run"
#define TOLERANCE	1.03
#define FIGURES_MAX	32

struct figure {
	char name[32];
	double median;
};

struct figures {
	struct figure figure[FIGURES_MAX];
	unsigned int count;
};

/* Each is a line of JSON, as umcg-bench prints it. */
static void read_figures(struct figures *all, FILE *file)
{
	struct figure *f = all->figure;
	char line[512];
	const char *p50;

	while (all->count < FIGURES_MAX && fgets(line, sizeof(line), file)) {
		p50 = strstr(line, "\"p50\": ");
		if (!p50 || sscanf(line, "{\"case\": \"%31[^\"]", f->name) != 1)
			continue;
		f->median = strtod(p50 + strlen("\"p50\": "), NULL);
		f++;
		all->count++;
	}
}

static const struct figure *find(const struct figures *all, const char *name)
{
	unsigned int i;

	for (i = 0; i < all->count; i++)
		if (!strcmp(all->figure[i].name, name))
			return &all->figure[i];
	ck_abort_msg("%s is no longer measured by " RUN, name);
}

static void measure(struct figures *all)
{
	FILE *output = popen(RUN, "r");

	expect(output);
	read_figures(all, output);
	expect_eq(pclose(output), 0);
}

/* Returns whether it has become worse, and says so. */
static bool worse(const struct figure *now, const struct figure *before)
{
	note("%s: %.0f instructions, %.0f recorded, %+.1f %%", now->name,
	     now->median, before->median,
	     100 * (now->median / before->median - 1));
	return now->median > before->median * TOLERANCE;
}

START_TEST(not_dearer_than_recorded)
{
	struct figures before = { .count = 0 }, now = { .count = 0 };
	unsigned int i, bad = 0;
	struct utsname uts;
	char path[256];
	FILE *file;

	expect_sys(uname(&uts));
	snprintf(path, sizeof(path), "bench/guard/%s", uts.release);
	file = fopen(path, "re");
	if (!file)
		skip("nothing is recorded for %s: 'make bench-record KERNEL=...' does it",
		     uts.release);
	read_figures(&before, file);
	fclose(file);
	expect(before.count);
	measure(&now);
	for (i = 0; i < before.count; i++)
		bad += worse(find(&now, before.figure[i].name),
			     &before.figure[i]);
	if (bad)
		ck_abort_msg("%u figures are more than 3 %% worse than recorded, see above; if that is meant: 'make bench-record KERNEL=...' records new ones",
			     bad);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("bench_guard");

	ADD(s, not_dearer_than_recorded, 300);
	return s;
}
