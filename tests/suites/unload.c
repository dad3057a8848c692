// SPDX-License-Identifier: GPL-2.0-only
/* The module goes when nobody uses it, and not before. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "load.h"
#include "module.h"
#include "proc.h"
#include "suite.h"

#define TIMES	100

/* The next test finds the module there, whatever happened in this one. */
static void is_refused(void)
{
	int error = module_unload();

	/* delete_module() itself says EWOULDBLOCK when it is in use */
	ck_assert(error == -EWOULDBLOCK || error == -EBUSY);
	ck_assert_int_gt(module_refcount(), 0);
}

static void reload(void)
{
	int error;

	wait_for(module_refcount() == 0);
	error = module_unload();
	ck_assert_int_eq(error, 0);
	ck_assert_int_eq(module_refcount(), -1);
	ck_assert_int_ne(access(UMCG_DEVICE, F_OK), 0);
	ck_assert_int_eq(module_load(), 0);
	ck_assert_int_eq(module_refcount(), 0);
}

START_TEST(a_file_keeps_it)
{
	struct umcg_group *g = open_group();

	is_refused();
	umcg_close(g);
	reload();
}
END_TEST

START_TEST(a_mapping_keeps_it)
{
	struct umcg_group *g = open_group();
	struct umcg_query q;

	umcg_query(g, &q);
	close(umcg_fd(g));
	is_refused();
	munmap(umcg_slot(g, 0), q.map_size);
	reload();
}
END_TEST

static int ends[2];

static long read_pipe(struct worker *w)
{
	char byte;

	(void)w;
	return read(ends[0], &byte, 1);
}

/*
 * Another process, with a worker that is blocked in the kernel and holds nothing
 * of the file: that went with its group. The worker's own return still needs us.
 */
static void blocked_without_a_file(int ready)
{
	static struct worker w = { .run = read_pipe, .dies = true };
	struct server s;

	server_start(&s, open_group());
	worker_hire(&s, &w);
	expect_eq(server_run(&s, &w), UMCG_CUR_BLOCK);
	umcg_close(s.group);
	expect_eq(write(ready, "r", 1), 1);
	pthread_join(w.thread, NULL);
	_exit(w.result == 1 ? 0 : 1);
}

START_TEST(a_blocked_worker_keeps_it)
{
	int ready[2];
	pid_t child;
	char byte;

	expect_sys(pipe(ends));
	expect_sys(pipe(ready));
	child = expect_sys(fork());
	if (!child)
		blocked_without_a_file(ready[1]);
	expect_eq(read(ready[0], &byte, 1), 1);
	is_refused();
	expect_eq(write(ends[1], "x", 1), 1);
	ended_well(child);
	reload();
}
END_TEST

static void *comes_and_goes(void *arg)
{
	struct load *l = arg;
	struct server s;

	while (!__atomic_load_n(&l->over, __ATOMIC_SEQ_CST)) {
		server_start(&s, l->fifo.group);
		expect_eq(umcg_unregister(l->fifo.group), 0);
	}
	return NULL;
}

/* Each attempt takes its own count away for a moment, and must be seen by nobody. */
START_TEST(attempts_all_along)
{
	static struct load load;
	unsigned long attempts = 0;
	pthread_t thread;
	__u64 end;

	load_start(&load, 2);
	/* they have touched all that they will, before another stack is mapped */
	load_goes_on(&load);
	expect(!pthread_create(&thread, NULL, comes_and_goes, &load));
	for (end = now() + longer(SEC); now() < end || attempts <= 10; attempts++)
		is_refused();
	load_goes_on(&load);
	load_stop(&load);
	pthread_join(thread, NULL);
	note("%lu attempts", attempts);
	ck_assert_uint_gt(attempts, 10);
}
END_TEST

static long nothing(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

/* In a child, as a group cannot be used by two: all of it, once. */
static void use_it(void)
{
	struct worker w = { .run = nothing };
	struct server s;

	server_start(&s, open_group());
	worker_hire(&s, &w);
	server_finish(&s, &w);
	_exit(step_get(&w) == 1 ? 0 : 1);
}

START_TEST(often)
{
	__u64 begin = now();
	pid_t child;
	int i;

	for (i = 0; i < TIMES; i++) {
		if (i % 10 == 0) {
			child = expect_sys(fork());
			if (!child)
				use_it();
			ended_well(child);
		}
		reload();
	}
	note("%d times in %llu ms", TIMES, (now() - begin) / MSEC);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("unload");

	ADD(s, a_file_keeps_it, 40);
	ADD(s, a_mapping_keeps_it, 40);
	ADD(s, a_blocked_worker_keeps_it, 40);
	ADD(s, attempts_all_along, 60);
	ADD(s, often, 200);
	return s;
}
