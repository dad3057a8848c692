// SPDX-License-Identifier: GPL-2.0-only
/*
 * The examples of libumcg-runtime under ThreadSanitizer and AddressSanitizer: none has
 * anything to say. The Makefile says what of the libraries they look into.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

static const char *const programs[] = {
	"build/sanitized/runtime.thread",
	"build/sanitized/policy.thread",
	"build/sanitized/runtime.address",
	"build/sanitized/policy.address",
};

#define PROGRAMS	((int)(sizeof(programs) / sizeof(programs[0])))

/* An address space as old sanitizers expect it: newer kernels put things elsewhere. */
static void run(const char *program, int output)
{
	char *argv[] = { (char *)program, NULL };

	dup2(output, 1);
	dup2(output, 2);
	setenv("TSAN_OPTIONS", "exitcode=66", 1);
	personality(ADDR_NO_RANDOMIZE);
	alarm(100);
	execv(program, argv);
	_exit(127);
}

START_TEST(has_nothing_to_say)
{
	char line[200], name[] = "/tmp/rt_sanitizers.XXXXXX";
	int status, output = mkstemp(name);
	pid_t child;
	FILE *f;

	expect(output >= 0);
	child = fork();
	expect(child >= 0);
	if (!child)
		run(programs[_i], output);
	expect_eq(waitpid(child, &status, 0), child);
	f = fopen(name, "r");
	expect(f);
	for (int i = 0; status && i < 60 && fgets(line, sizeof(line), f); i++)
		printf("# %s", line);
	fflush(stdout);
	unlink(name);
	ck_assert_msg(status == 0, "%s: status %#x", programs[_i], status);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_sanitizers");

	ADD_LOOP(s, has_nothing_to_say, 120, PROGRAMS);
	return s;
}
