// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer (tests/fuzz/), for some seconds: with the seed that it always has
 * here, and with one of this moment, which is printed. `make fuzz` runs this
 * program with arguments: a seed, and for how many seconds.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "clock.h"
#include "module.h"
#include "suite.h"

#define SEED	4711
#define LENGTH	(6 * SEC)

/* What has not come to anything yet; NULL if all has. */
static const char *missing(const struct fuzz_shared *s)
{
	int i;

	for (i = FUZZ_QUERY; i <= FUZZ_KICK; i++)
		if (!s->good[i])
			return fuzz_names[i];
	return s->handoffs ? NULL : "handoff";
}

/*
 * A fuzzer whose calls all fail finds nothing: it goes on until each has come to
 * something, which on a busy machine may take longer.
 */
static void run(unsigned long seed)
{
	struct fuzz_shared *s = fuzz_shared();
	int i;

	expect(s);
	for (i = 0; i < 8 && (!i || missing(s)); i++)
		if (!fuzz_run(s, seed + i, LENGTH, 0))
			ck_abort_msg("seed %lu: %s", seed + i, s->wrong);
	if (missing(s))
		ck_abort_msg("no %s was good", missing(s));
}

START_TEST(with_a_fixed_seed)
{
	run(SEED);
}
END_TEST

START_TEST(with_another_seed)
{
	run(now() / USEC % 1000000);
}
END_TEST

/* By hand; or what a process of the fuzzer has become by exec. */
int helper_main(int argc, char **argv)
{
	struct fuzz_shared *s;

	if (argc == 2 && !strcmp(argv[1], FUZZ_EXEC_ARG))
		return 0;
	if (argc != 3 || module_load()) {
		fprintf(stderr, "usage: %s SEED SECONDS\n", argv[0]);
		return 2;
	}
	s = fuzz_shared();
	return s && fuzz_run(s, strtoul(argv[1], NULL, 0),
			     strtoull(argv[2], NULL, 0) * SEC, 10 * SEC) ? 0 : 1;
}

Suite *make_suite(void)
{
	Suite *s = suite_create("fuzz");

	ADD(s, with_a_fixed_seed, 60);
	ADD(s, with_another_seed, 60);
	return s;
}
