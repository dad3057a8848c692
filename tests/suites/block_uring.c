// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker that blocks in io_uring_enter(). That call runs the work which others
 * have queued for its thread, the hold among it: the worker is then held in the
 * middle of the call, and a completion must not get it out of there.
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "blocker.h"
#include "clock.h"
#include "suite.h"
#include "uring.h"

static struct uring ring;
static int ends[BLOCKER_ROUNDS][2];

/*
 * Not a pipe: before io_uring could poll those (6.1) it read them in threads of its
 * own. Starting one makes the call block a second time, stopping them the exit.
 */
static void make_wire(int i)
{
	expect_sys(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]));
}

static long read_by_ring(int i)
{
	char byte = 0;
	__u64 data = 0;
	int n;

	uring_read(&ring, ends[i][0], &byte, i);
	n = uring_enter(&ring, 1, 1);
	if (n != 1)
		return n ?: -1;
	n = uring_result(&ring, &data);
	return n == 1 && data == (__u64)i && byte == 'a' + i ? 0 : n ?: -1;
}

static void write_end(int i)
{
	char byte = 'a' + i;

	expect_eq(write(ends[i][1], &byte, 1), 1);
}

START_TEST(waiting_for_a_completion)
{
	const struct blocker b = { SYS_io_uring_enter, false, make_wire,
				   read_by_ring, write_end };

	uring_open(&ring, 8);
	if (ring.fd < 0)
		skip("no io_uring here: errno %d", -ring.fd);
	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

#define PARTS	6

/* One call that is complete with all its parts only. */
static long read_parts(struct worker *w)
{
	char bytes[PARTS] = { 0 };
	unsigned int seen = 0;
	__u64 data;
	int i;

	for (i = 0; i < PARTS; i++)
		uring_read(&ring, ends[i][0], &bytes[i], i);
	expect_eq(uring_enter(&ring, PARTS, PARTS), PARTS);
	step_set(w, 1);
	for (i = 0; i < PARTS; i++) {
		expect_eq(uring_result(&ring, &data), 1);
		seen |= 1U << data;
	}
	expect_eq(seen, (1U << PARTS) - 1);
	for (i = 0; i < PARTS; i++)
		expect_eq(bytes[i], 'a' + i);
	return 0;
}

/* Is it queued, within a time in which it would be? */
static bool comes_back(struct server *s, struct worker *w)
{
	__u64 end = now() + 100 * MSEC;
	__u32 events;

	while (now() < end) {
		struct worker *next = server_poll(s, &events);

		if (next) {
			expect(next == w);
			return true;
		}
		sleep_ns(MSEC);
	}
	return false;
}

START_TEST(held_in_the_middle_of_a_call)
{
	struct worker w = { .run = read_parts };
	bool held = false;
	int i, times = 0;
	struct server s;
	__u32 why;

	uring_open(&ring, 8);
	if (ring.fd < 0)
		skip("no io_uring here: errno %d", -ring.fd);
	for (i = 0; i < PARTS; i++)
		make_wire(i);
	server_start(&s, open_group());
	worker_hire(&s, &w);
	why = server_run(&s, &w);
	for (i = 0; i < PARTS; i++) {
		ck_assert_uint_eq(why, UMCG_CUR_BLOCK);
		write_end(i);
		if (!held)
			held = comes_back(&s, &w);
		if (!held)
			continue;
		/*
		 * Now it is held. On even rounds the next completion comes while
		 * it is, and must change nothing; on odd ones it goes on.
		 */
		times++;
		if (i % 2 == 0)
			continue;
		sleep_ns(20 * MSEC);
		ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNABLE);
		ck_assert_uint_eq(step_get(&w), 0);
		server_expect_none(&s);
		held = false;
		why = server_run(&s, &w);
		if (step_get(&w))
			break;
	}
	if (held) {
		ck_assert_uint_eq(step_get(&w), 0);
		why = server_run(&s, &w);
	}
	while (why == UMCG_CUR_BLOCK) {
		server_expect(&s, &w, UMCG_EV_WAKE);
		why = server_run(&s, &w);
	}
	ck_assert_uint_eq(why, UMCG_CUR_EXIT);
	ck_assert_uint_eq(step_get(&w), 1);
	note("held %d times in one call of %d parts", times, PARTS);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("block_uring");

	ADD(s, waiting_for_a_completion, 40);
	ADD(s, held_in_the_middle_of_a_call, 40);
	return s;
}
