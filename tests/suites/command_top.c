// SPDX-License-Identifier: GPL-2.0-only
/* umcg top: that what it shows is what goes on. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "instance.h"
#include "nobody.h"
#include "suite.h"
#include "tracefs.h"
#include "yielder.h"

#define SELF	"build/tests/command_top"
#define STARTED	"command_top.started"

int helper_main(int argc, char **argv)
{
	(void)argv;
	expect_sys(prctl(PR_SET_PDEATHSIG, SIGKILL));
	return argc == 2 ? yield_as_server(0, STARTED) : 2;
}

static pid_t start(void)
{
	pid_t child;

	unlink(STARTED);
	child = expect_sys(fork());
	if (!child)
		expect_sys(execl(SELF, SELF, "yields", NULL));
	wait_for(!access(STARTED, F_OK));
	return child;
}

static void end(pid_t child)
{
	expect_sys(kill(child, SIGKILL));
	expect_sys(waitpid(child, NULL, 0));
}

/**
 * struct line - of a server
 * @busy: in percent
 */
struct line {
	double switches, blocks, busy, wait, longest;
	unsigned int queue;
};

/* The nth line of that server; false if there are not so many. */
static bool nth_line(pid_t server, unsigned int n, struct line *l)
{
	char start_of[64];
	const char *at = said;

	snprintf(start_of, sizeof(start_of), " %8d command_top ", server);
	for (; (at = strstr(at, start_of)); at++) {
		if (n--)
			continue;
		ck_assert_int_eq(sscanf(at + strlen(start_of), "%lf %lf %lf %% %u %lf %lf",
					&l->switches, &l->blocks, &l->busy, &l->queue,
					&l->wait, &l->longest), 6);
		return true;
	}
	return false;
}

#define needs_tracefs()							\
	do {								\
		if (!trace_possible())					\
			skip("this kernel has no tracefs");		\
	} while (0)

/* A machine that is busy itself may have a frame in which little happens. */
START_TEST(frames)
{
	unsigned int n, moved = 0;
	pid_t child;
	struct line l;

	needs_tracefs();
	child = start();
	ck_assert_int_eq(run("top --batch 3 -d 1"), 0);
	says("events/s");
	for (n = 0; nth_line(child, n, &l); n++) {
		note("%.0f switches/s, %.1f %% busy, wait %.1f us, at most %.1f", l.switches,
		     l.busy, l.wait, l.longest);
		ck_assert_double_eq(l.blocks, 0);
		ck_assert_double_le(l.busy, 100.5);
		ck_assert_double_ge(l.longest, l.wait);
		ck_assert_uint_le(l.queue, 1);
		moved += l.switches > 20 && l.busy > 1 && l.wait > 0;
	}
	ck_assert_uint_ge(n, 2);
	ck_assert_uint_le(n, 3);
	ck_assert_uint_ge(moved, 1);
	end(child);
}
END_TEST

START_TEST(one_process)
{
	pid_t child, other;
	char arguments[64];
	struct line l;

	needs_tracefs();
	other = start();
	child = start();
	snprintf(arguments, sizeof(arguments), "top -b 1 -d 0.5 -p %d", child);
	ck_assert_int_eq(run(arguments), 0);
	ck_assert(nth_line(child, 0, &l));
	ck_assert(!nth_line(other, 0, &l));
	end(child);
	end(other);
	ck_assert_int_eq(run(arguments), 1);
	says("there is no process ");
}
END_TEST

/* On a screen: until it is told to end, and then nothing is left. */
START_TEST(interrupted)
{
	pid_t child, tool;
	char path[64];
	int status;

	needs_tracefs();
	child = start();
	tool = expect_sys(fork());
	if (!tool) {
		expect_sys(freopen("top.out", "w", stdout) ? 0 : -1);
		expect_sys(execl("build/tools/umcg", "umcg", "top", "-d", "0.1", NULL));
	}
	snprintf(path, sizeof(path), TRACEFS "/instances/umcg.%d", tool);
	wait_for(!access("top.out", F_OK) && strstr(read_file("top.out"), "events/s"));
	ck_assert_int_eq(access(path, F_OK), 0);
	expect_sys(kill(tool, SIGINT));
	expect_sys(waitpid(tool, &status, 0));
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_ptr_nonnull(strstr(read_file("top.out"), "\033[H\033[J"));
	end(child);
}
END_TEST

START_TEST(without_privilege)
{
	nobody_become();
	ck_assert_int_eq(run("top -b 1"), 1);
	says("needs root");
}
END_TEST

START_TEST(usage)
{
	static const char *const wrong[] = { "top x", "top -b", "top -b 0", "top -d 0", "top -p x",
					     "--json top" };
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_msg(run(wrong[i]) == 2, "%s: %s", wrong[i], said);
	ck_assert_int_eq(run("top --help"), 0);
	says("usage: umcg top ");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("command_top");

	ADD(s, frames, 60);
	ADD(s, one_process, 60);
	ADD(s, interrupted, 60);
	ADD(s, without_privilege, 30);
	ADD(s, usage, 30);
	return s;
}
