// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever the kernel needs for a call is not to be had: the first thing, then the
 * second, until there was nothing left to fail. A call that fails has left nothing.
 *
 * Only on a kernel that can be told to fail (FAULT_INJECTION, as that of
 * tests/vm/debug-kernel): its slab, its pages, its copies from and to user space.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"
#include "suite.h"

#define DEBUGFS	"/sys/kernel/debug/"
/* more than any of these calls has */
#define MOST	200

static struct umcg_group *group;

static bool can_fail(void)
{
	static const char *const files[] = {
		DEBUGFS "failslab/ignore-gfp-wait",
		DEBUGFS "fail_page_alloc/ignore-gfp-wait",
	};
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (access(files[i], W_OK) != 0 || !proc_set(files[i], "N"))
			return false;
	return proc_set(DEBUGFS "fail_page_alloc/min-order", "0") &&
	       proc_set(DEBUGFS "failslab/verbose", "0") &&
	       proc_set(DEBUGFS "fail_page_alloc/verbose", "0");
}

/* Of the calling thread: the how manieth thing fails, 0 for none. */
static int open_nth(void)
{
	return expect_sys(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));
}

/* The file's own copies from and to user space count, and can be the ones to fail. */
static void set_nth(int fd, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n), done;

	do {
		done = pwrite(fd, text, len, 0);
	} while (done < 0 && errno == EFAULT);
	expect_eq(done, len);
}

/* Has it come to the nth by now? No more fails from here on. */
static bool nth_has_failed(int fd)
{
	char text[16] = "";
	bool failed = pread(fd, text, sizeof(text) - 1, 0) > 0 &&
		      strtoul(text, NULL, 10) == 0;

	set_nth(fd, 0);
	return failed;
}

/*
 * Fail everything that @call needs, one thing at a time. It returns 0 or -errno;
 * @undo is called behind each 0, @look behind each error, both undisturbed.
 */
static void fail_each(const char *name, int (*call)(void), void (*undo)(void),
		      void (*look)(int error))
{
	unsigned int n, failed = 0;
	int fd = open_nth(), error;
	bool one_failed;

	/* once in peace: what is needed once only is there then */
	expect_eq(call(), 0);
	undo();
	for (n = 1; n < MOST; n++) {
		set_nth(fd, n);
		error = call();
		one_failed = nth_has_failed(fd);
		if (error) {
			expect(one_failed);
			expect(error == -ENOMEM || error == -EFAULT);
			look(error);
			failed++;
		} else {
			undo();
			if (!one_failed)
				break;
		}
	}
	note("%s: of %u things %u are needed", name, n - 1, failed);
	expect(n < MOST);
	expect(failed);
	expect_eq(call(), 0);
	undo();
	close(fd);
}

static int open_it(void)
{
	return umcg_open(&group);
}

static void close_it(void)
{
	umcg_close(group);
}

static void has_no_group(int error)
{
	(void)error;
	expect(!group);
}

START_TEST(open_and_map)
{
	if (!can_fail())
		skip("this kernel cannot be told to fail");
	fail_each("open and map", open_it, close_it, has_no_group);
}
END_TEST

static struct umcg_register args;

static int register_it(void)
{
	args = (struct umcg_register){ .flags = UMCG_REG_SERVER,
				       .clock = CLOCK_MONOTONIC,
				       .slot = 0xcccccccc };
	return umcg_register(group, &args);
}

/* Another group each time: nothing is there from the last one. */
static void renew(void)
{
	umcg_close(group);
	group = open_group();
}

static void unregister_it(void)
{
	expect_eq(umcg_unregister(group), 0);
	renew();
}

static void is_not_registered(int error)
{
	expect_eq(umcg_unregister(group), -EPERM);
	if (error == -ENOMEM)
		expect_eq(args.slot, 0xcccccccc);
	renew();
}

START_TEST(register_a_server)
{
	if (!can_fail())
		skip("this kernel cannot be told to fail");
	group = open_group();
	fail_each("register", register_it, unregister_it, is_not_registered);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("faults");

	ADD(s, open_and_map, 60);
	ADD(s, register_a_server, 60);
	return s;
}
