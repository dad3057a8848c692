// SPDX-License-Identifier: GPL-2.0-only
/* A worker that blocks in a page fault, which no system call tells of. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

#include "blocker.h"
#include "suite.h"
#include "uffd.h"

static struct uffd pages;
static int ends[2];

static void no_object(int i)
{
	(void)i;
}

static long touch(int i)
{
	volatile char *p = pages.memory + i * pages.page;

	return *p == 'a' + i ? 0 : -1;
}

static void serve(int i)
{
	uffd_serve(&pages, i, 'a' + i);
}

START_TEST(touching_a_page)
{
	const struct blocker b = { BLOCKER_FAULT, false, no_object, touch,
				   serve };

	uffd_open(&pages, BLOCKER_ROUNDS);
	if (pages.fd < 0)
		skip("no userfaultfd here: errno %d", -pages.fd);
	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

static void fill_pipe(int i)
{
	char byte = 'z' - i;

	expect_eq(write(ends[1], &byte, 1), 1);
}

static long read_to_page(int i)
{
	char *p = pages.memory + i * pages.page;
	long n = syscall(SYS_read, ends[0], p, 1);

	return n == 1 && *p == 'z' - i ? 0 : n ?: -1;
}

/* The kernel's own fault in the middle of a call is that call's. */
START_TEST(reading_to_a_page)
{
	const struct blocker b = { SYS_read, false, fill_pipe, read_to_page,
				   serve };

	uffd_open(&pages, BLOCKER_ROUNDS);
	if (pages.fd < 0)
		skip("no userfaultfd here: errno %d", -pages.fd);
	expect_sys(pipe(ends));
	blocker_run(&b, BLOCKER_ROUNDS);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("block_fault");

	ADD(s, touching_a_page, 30);
	ADD(s, reading_to_a_page, 30);
	return s;
}
