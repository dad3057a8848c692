// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the block to the server running: at most 15,000 instructions.
 *
 * With icount a nanosecond of the guest is one instruction. The worker reads the
 * clock as its last act before the call it blocks in, the server as its first
 * after its WAIT: the difference holds the way into the call, the block, the way
 * through the idle task to the server, and its way out of the kernel; and one
 * reading of the clock, which is measured here and taken off.
 */
/* vm: --smp 1 --icount */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

#define ROUNDS		301
#define LIMIT		15000

static int ends[2];
static __u64 left; /* the worker's last look at the clock */

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

static __u64 clock_cost(void)
{
	__u64 costs[ROUNDS], begin;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		begin = now();
		costs[i] = now() - begin;
	}
	qsort(costs, ROUNDS, sizeof(*costs), compare);
	return costs[ROUNDS / 2];
}

/* An emulated processor that does not count instructions: some spread, then. */
static bool counts_instructions(void)
{
	__u64 begin, first = 0, took;
	int i, j, same = 0;

	for (i = 0; i < 20; i++) {
		begin = now();
		for (j = 0; j < 1000; j++)
			__asm__ volatile("nop");
		took = now() - begin;
		if (!first)
			first = took;
		same += took == first;
	}
	return same >= 15;
}

static long block_often(struct worker *w)
{
	char byte;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		left = now();
		expect_eq(read(ends[0], &byte, 1), 1);
		step_set(w, i + 1);
	}
	return 0;
}

START_TEST(from_the_block_to_the_server)
{
	static __u64 took[ROUNDS];
	struct worker w = { .run = block_often };
	__u64 overhead, begin;
	struct server s;
	int i;

	if (!counts_instructions())
		skip("this machine does not count instructions (--icount)");
	expect_sys(pipe(ends));
	overhead = clock_cost();
	server_start(&s, open_group());
	worker_hire(&s, &w);
	for (i = 0; i < ROUNDS; i++) {
		expect_eq(server_switch(&s, &w, 0), 0);
		begin = now();
		expect_eq(server_wait(&s, &w), UMCG_CUR_BLOCK);
		took[i] = begin - left - overhead;
		expect_eq(write(ends[1], "x", 1), 1);
		server_expect(&s, &w, UMCG_EV_WAKE);
	}
	server_finish(&s, &w);
	qsort(took, ROUNDS, sizeof(*took), compare);
	note("from the block to the server: %llu instructions (median of %d), "
	     "%llu to %llu; the clock's %llu are taken off",
	     (unsigned long long)took[ROUNDS / 2], ROUNDS,
	     (unsigned long long)took[0], (unsigned long long)took[ROUNDS - 1],
	     (unsigned long long)overhead);
	/* a timer tick may fall into one, so the few longest do not count */
	ck_assert_uint_le(took[ROUNDS * 95 / 100], LIMIT);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("block_cost");

	ADD(s, from_the_block_to_the_server, 100);
	return s;
}
