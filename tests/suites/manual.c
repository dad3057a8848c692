// SPDX-License-Identifier: GPL-2.0-only
/*
 * The examples of the manual: each is a program that ends with 0, run here as
 * somebody without any right.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nobody.h"
#include "suite.h"

#define PATIENCE 20

static glob_t programs;

static void run(void *program)
{
	char *argv[] = { program, NULL };

	alarm(PATIENCE);
	execv(program, argv);
	_exit(127);
}

START_TEST(ends_with_0)
{
	char *program = programs.gl_pathv[_i];
	int status;

	expect_eq(waitpid(nobody_start(run, program), &status, 0) > 0, true);
	ck_assert_msg(status == 0, "%s: status %#x", program, status);
}
END_TEST

/* Each function has one, and there are more than two dozen. */
START_TEST(all_are_there)
{
	expect(programs.gl_pathc >= 24);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("manual");

	glob("build/man/*", 0, NULL, &programs);
	ADD(s, all_are_there, 10);
	ADD_LOOP(s, ends_with_0, 2 * PATIENCE, (int)programs.gl_pathc);
	return s;
}
