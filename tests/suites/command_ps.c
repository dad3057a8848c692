// SPDX-License-Identifier: GPL-2.0-only
/* umcg ps, and what it stands on: /proc/PID/fdinfo of a group. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "crew.h"
#include "json.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"

#define SELF	"build/tests/command_ps"

static struct server boss;
static int ends[2];

static long park(struct worker *w)
{
	worker_park(w);
	return 0;
}

static long read_byte(struct worker *w)
{
	char byte;

	(void)w;
	return read(ends[0], &byte, 1);
}

static long nothing(struct worker *w)
{
	(void)w;
	return 0;
}

/* --- processes to be looked at ------------------------------------------------- */

/* A server that idles: its only worker is blocked. */
static void all_blocked(struct worker *w)
{
	__u32 events;

	w->run = read_byte;
	worker_hire(&boss, w);
	server_run(&boss, w);
	for (;;)
		server_next(&boss, &events);
}

/* A worker that could run, and a server that sleeps elsewhere. */
static void server_sleeps(struct worker *w)
{
	char byte;

	w->run = nothing;
	worker_hire(&boss, w);
	expect_sys(read(ends[0], &byte, 1));
}

static int stop;

static void spins(struct worker *w)
{
	w->run = worker_spin;
	w->arg = &stop;
	worker_hire(&boss, w);
	for (;;)
		server_run(&boss, w);
}

int helper_main(int argc, char **argv)
{
	static struct worker w;

	expect_sys(prctl(PR_SET_PDEATHSIG, SIGKILL));
	if (argc == 3 && atoi(argv[2]))
		nobody_become();
	expect_sys(pipe(ends));
	server_start(&boss, open_group());
	if (!strcmp(argv[1], "blocked"))
		all_blocked(&w);
	else if (!strcmp(argv[1], "sleeps"))
		server_sleeps(&w);
	else if (!strcmp(argv[1], "spins"))
		spins(&w);
	return 2;
}

static pid_t start(const char *what, bool as_nobody)
{
	pid_t child = expect_sys(fork());

	if (!child)
		expect_sys(execl(SELF, SELF, what, as_nobody ? "1" : "0", NULL));
	return child;
}

static void end(pid_t child)
{
	expect_sys(kill(child, SIGKILL));
	expect_sys(waitpid(child, NULL, 0));
}

/* --- fdinfo ------------------------------------------------------------------------ */

/* What it says of @group; to be freed. */
static char *fdinfo(struct umcg_group *group)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", umcg_fd(group));
	return read_file(path);
}

static void tells(const char *format, ...)
{
	char line[256], *text = fdinfo(boss.group);
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	ck_assert_msg(strstr(text, line), "no \"%s\" in: %s", line, text);
	free(text);
}

/* One is parked, one blocked, one queued, and the server in its own code. */
static void three(struct worker w[3])
{
	static long (*const run[3])(struct worker *) = { park, read_byte, nothing };
	int i;

	expect_sys(pipe(ends));
	server_start(&boss, open_group());
	for (i = 0; i < 3; i++) {
		w[i].run = run[i];
		w[i].args.flags = UMCG_REG_WORKER | UMCG_REG_TIMESTAMPS;
		worker_hire(&boss, &w[i]);
	}
	expect_eq(server_run(&boss, &w[0]), UMCG_CUR_WAIT);
	expect_eq(server_run(&boss, &w[1]), UMCG_CUR_BLOCK);
}

START_TEST(fdinfo_tells_all)
{
	static struct worker w[3];

	three(w);
	tells("umcg-group:\t");
	tells("umcg-owner:\t%d\n", getpid());
	tells("umcg-ended:\t0\n");
	tells("umcg-slots:\t5\n");
	tells("umcg-servers:\t1\n");
	tells("umcg-workers:\trunning=0 runnable=2 parked=1 away=0 blocked=1\n");
	tells("umcg-runs:\t2\n");
	tells("umcg-list:\tworkers=0 queued=0 listed=0\n");
	tells("umcg-server:\ttid=%d slot=1 state=itself running=0 worker=0 workers=3 queued=1 listed=0\n",
	      gettid());
	expect_eq(umcg_wake(boss.group, w[0].tid), 0);
	tells("runnable=2 parked=0 away=0");
	tells(" workers=3 queued=2 listed=1\n");
	expect_eq(umcg_unregister(boss.group), 0);
	tells("umcg-ended:\t1\n");
}
END_TEST

/* --- while threads come and go -------------------------------------------------------- */

#define LIVES	200

static unsigned long reads;

static void *read_on(void *arg)
{
	char *text;

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		text = fdinfo(arg);
		expect(strstr(text, "\numcg-list:\tworkers="));
		expect(text[strlen(text) - 1] == '\n');
		free(text);
		reads++;
	}
	return NULL;
}

/* Others' home, for a moment. */
static void *serve_on(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		expect(umcg_register_server(arg, 0) > 0);
		expect_eq(umcg_unregister(arg), 0);
	}
	return NULL;
}

START_TEST(while_they_come_and_go)
{
	struct worker w = { .run = nothing };
	pthread_t threads[3];
	unsigned int i;

	server_start(&boss, open_group());
	for (i = 0; i < 3; i++)
		expect_eq(pthread_create(&threads[i], NULL, i ? read_on : serve_on,
					 boss.group), 0);
	for (i = 0; i < fewer(LIVES); i++) {
		w = (struct worker){ .run = nothing, .dies = i % 2 };
		worker_start(&w, boss.group, boss.tid);
		server_run_out(&boss, &w);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	note("%u workers, read %lu times", fewer(LIVES), reads);
	ck_assert_uint_gt(reads, 10);
	tells("umcg-servers:\t1\n");
}
END_TEST

/* --- the command ----------------------------------------------------------------------- */

START_TEST(a_process)
{
	static struct worker w[3];
	char arguments[64], line[64];

	three(w);
	snprintf(arguments, sizeof(arguments), "ps -p %d", getpid());
	ck_assert_int_eq(run(arguments), 0);
	says("workers: 0 running, 1 blocked, 1 could run, 1 parked");
	snprintf(line, sizeof(line), "\n  %8d itself ", gettid());
	says(line);
	snprintf(line, sizeof(line), "\n  %8d parked ", w[0].tid);
	says(line);
	snprintf(line, sizeof(line), "\n  %8d blocked ", w[1].tid);
	says(line);
	says(" read");
	says_not("  - ");
	strcat(arguments, " --json");
	ck_assert_int_eq(run(arguments), 0);
	ck_assert_msg(json_valid(said), "not JSON: %.2000s", said);
	says("\"blocked_in\": \"read\"");
	says("\"state\": \"taken\"");
	says("\"for_ns\": ");
	/* found among all, too */
	ck_assert_int_eq(run("ps"), 0);
	says("1 blocked, 1 could run, 1 parked");
}
END_TEST

START_TEST(without_privilege)
{
	pid_t mine = start("blocked", true), child;
	char arguments[64];

	snprintf(arguments, sizeof(arguments), "ps -p %d", mine);
	wait_for(run(arguments) == 0 && strstr(said, "1 blocked"));
	child = expect_sys(fork());
	if (!child) {
		nobody_become();
		/* it was root's, and is not dumpable: but a process of ours is there */
		snprintf(arguments, sizeof(arguments), "ps -p %d", getppid());
		_exit(run(arguments) == 1 && strstr(said, "by its owner and root only") ? 0 : 1);
	}
	ended_well(child);
	end(mine);
}
END_TEST

static void is_stuck(const char *what, const char *why)
{
	pid_t child = start(what, false);
	char arguments[64];

	snprintf(arguments, sizeof(arguments), "ps --stuck -p %d", child);
	wait_for(run(arguments) == 1 && strstr(said, why));
	says("stuck: process ");
	strcat(arguments, " --json");
	ck_assert_int_eq(run(arguments), 1);
	ck_assert_msg(json_valid(said), "not JSON: %.2000s", said);
	end(child);
}

START_TEST(stuck)
{
	is_stuck("blocked", ": 1 workers are blocked: 1 in read; the servers are there");
	is_stuck("sleeps", " sleeps in read (");
	is_stuck("sleeps", "1 workers could run");
}
END_TEST

START_TEST(not_stuck)
{
	pid_t child = start("spins", false);
	char arguments[64];

	snprintf(arguments, sizeof(arguments), "ps -p %d", child);
	wait_for(run(arguments) == 0 && strstr(said, "workers: 1 running"));
	snprintf(arguments, sizeof(arguments), "ps -s -p %d", child);
	ck_assert_int_eq(run(arguments), 0);
	says_not("stuck");
	expect_sys(kill(child, SIGSTOP));
	wait_for(run(arguments) == 1);
	says("is stopped by a signal or a debugger");
	end(child);
}
END_TEST

START_TEST(usage)
{
	static const char *const wrong[] = { "ps x", "ps -p", "ps -p 0", "ps -p 1x", "ps --what" };
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_msg(run(wrong[i]) == 2, "%s: %s", wrong[i], said);
	ck_assert_int_eq(run("ps --help"), 0);
	says("usage: umcg ps ");
	ck_assert_int_eq(run("ps -p 4194303"), 1);
	says("there is no process 4194303");
	ck_assert_int_eq(run("ps"), 0);
	says("no groups");
	ck_assert_int_eq(run("--json ps"), 0);
	ck_assert_msg(json_valid(said), "not JSON: %s", said);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("command_ps");

	ADD(s, fdinfo_tells_all, 30);
	ADD(s, while_they_come_and_go, 60);
	ADD(s, a_process, 30);
	ADD(s, without_privilege, 60);
	ADD(s, stuck, 60);
	ADD(s, not_stuck, 60);
	ADD(s, usage, 30);
	return s;
}
