// SPDX-License-Identifier: GPL-2.0-only
/*
 * umcg run --policy random: a program whose threads use what another of them makes, and
 * never wait for it. Some seed shows that, and shows it again.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "meaning.h"
#include "suite.h"

#define THREADS		6
#define TURNS		12
#define SEEDS		60
#define AGAIN		5

static int *made, thing = 1, missed, at_the_end;
static char turns[THREADS * TURNS + 1];
static int nturns;

static void turn(long me)
{
	turns[__atomic_fetch_add(&nturns, 1, __ATOMIC_RELAXED)] = (char)('a' + me);
	sched_yield();
}

/* The first makes it in its second turn; the others need it in their eighth. */
static void *uses(void *arg)
{
	long me = (long)arg;
	int i;

	for (i = 0; i < TURNS; i++) {
		turn(me);
		if (me == 0 && i == 1)
			made = &thing;
		if (me > 0 && i == 7 && !made)
			missed++;
	}
	/* nobody ends before all have had their turns */
	__atomic_add_fetch(&at_the_end, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&at_the_end, __ATOMIC_RELAXED) < THREADS)
		sched_yield();
	return NULL;
}

/* Prints the order of turns; the status says whether the race was met. */
static int show_race(void)
{
	pthread_t t[THREADS];
	long i;

	for (i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, uses, (void *)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	tell("turns %s", turns);
	return missed ? 3 : 0;
}

static const struct meaning meanings[] = {
	{ "race", show_race },
	{ NULL, NULL },
};

int helper_main(int argc, char **argv)
{
	return meaning_show(meanings, argc, argv);
}

static int run_seed(int seed)
{
	char arguments[256];
	int status;

	snprintf(arguments, sizeof(arguments),
		 "run --policy random --slice none --seed %d -- build/tests/preload_random race",
		 seed);
	status = run(arguments);
	ck_assert_msg(status == 0 || status == 3, "status %d: %s", status, said);
	return status;
}

/* The first seed with that status. */
static int find_seed(int status)
{
	int seed;

	for (seed = 1; seed <= SEEDS; seed++)
		if (run_seed(seed) == status)
			return seed;
	ck_abort_msg("no seed up to %d ends with %d", SEEDS, status);
	return 0;
}

/* Another seed, another order; the same seed, the same order, and the same end. */
START_TEST(a_seed_finds_it_and_finds_it_again)
{
	int hides = find_seed(0), finds = find_seed(3), i;
	char before[sizeof(said)];

	note("seed %d hides it, seed %d has found it", hides, finds);
	strcpy(before, said);
	for (i = 0; i < AGAIN; i++) {
		ck_assert_int_eq(run_seed(finds), 3);
		ck_assert_str_eq(said, before);
		ck_assert_int_eq(run_seed(hides), 0);
		ck_assert_str_ne(said, before);
	}
}
END_TEST

START_TEST(trace_shows_it)
{
	static const char traced[] = "trace --check -- build/tools/umcg run -p random -s 1 -- ";
	char arguments[256];

	snprintf(arguments, sizeof(arguments), "%sbuild/tests/preload_random race", traced);
	/* the status of the race, if seed 1 meets it, is a failure for umcg trace */
	ck_assert_int_le(run(arguments), 1);
	says("1 servers, 7 workers");
	says("yields");
	says_not("rule");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("preload_random");

	ADD(s, a_seed_finds_it_and_finds_it_again, 120);
	ADD(s, trace_shows_it, 60);
	return s;
}
