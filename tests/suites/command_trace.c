// SPDX-License-Identifier: GPL-2.0-only
/* umcg trace: what it records, what it makes of that, and that it leaves nothing behind. */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "crew.h"
#include "instance.h"
#include "json.h"
#include "module.h"
#include "nobody.h"
#include "suite.h"
#include "tracefs.h"
#include "yielder.h"

#define SELF		"build/tests/command_trace"
#define HELLO		"build/examples/hello"
#define STARTED		"command_trace.started"

/* --- programs to be recorded ------------------------------------------------ */

static long nap(struct worker *w)
{
	(void)w;
	usleep(20 * 1000);
	return 0;
}

/* A worker that has to wait long for its turn. */
static int starves(void)
{
	struct worker w = { .run = nap };
	struct server boss;

	server_start(&boss, open_group());
	worker_hire(&boss, &w);
	sleep_ns(300 * MSEC);
	server_run_out(&boss, &w);
	return 0;
}

/* They are not to go on when whoever records them was killed. */
int helper_main(int argc, char **argv)
{
	expect_sys(prctl(PR_SET_PDEATHSIG, SIGKILL));
	if (!strcmp(argv[1], "yields") && argc == 3)
		return yield_as_server(atoi(argv[2]), STARTED);
	if (!strcmp(argv[1], "starves"))
		return starves();
	if (!strcmp(argv[1], "fails"))
		return 3;
	return 2;
}

/* --- what is left -------------------------------------------------------------- */

static int instances(void)
{
	DIR *dir = opendir(TRACEFS "/instances");
	struct dirent *entry;
	int count = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

#define needs_tracefs()							\
	do {								\
		if (!trace_possible())					\
			skip("this kernel has no tracefs");		\
	} while (0)

/* --- tests ---------------------------------------------------------------------- */

static void file_has(const char *path, const char *text)
{
	char *all = read_file(path);

	ck_assert_msg(strstr(all, text), "no %s in %s: %.1500s", text, path, all);
	free(all);
}

START_TEST(a_program)
{
	char *json;

	needs_tracefs();
	ck_assert_int_eq(run("trace --check -o a.txt --json a.json -o a.svg -- " HELLO), 0);
	says("1 groups, 1 servers, 2 workers");
	says("it says hello from the writer");
	file_has("a.txt", ": umcg_register: ");
	json = read_file("a.json");
	ck_assert_msg(json_valid(json), "not JSON: %.1000s", json);
	free(json);
	file_has("a.json", "\"ph\": \"X\", \"name\": \"on server ");
	file_has("a.json", "\"name\": \"schedules\"");
	file_has("a.svg", "</svg>\n");
	file_has("a.svg", " on server ");
	expect_eq(instances(), 0);

	/* what was written can be read again */
	ck_assert_int_eq(run("trace -i a.txt --check -o again.json"), 0);
	json = read_file("again.json");
	ck_assert_msg(json_valid(json), "not JSON: %.1000s", json);
	free(json);
}
END_TEST

/* Each block that the picture shows is one that was seen. */
START_TEST(why_it_stops)
{
	needs_tracefs();
	ck_assert_int_eq(run("trace -o b.json -o b.svg -- " SELF " starves"), 0);
	says("blocked in clock_nanosleep");
	file_has("b.json", "\"then\": \"blocks in clock_nanosleep\"");
	file_has("b.json", "\"name\": \"blocked: clock_nanosleep\"");
	file_has("b.json", "\"then\": \"exits\"");
	file_has("b.svg", "could run, waits for a server");
}
END_TEST

START_TEST(starved)
{
	needs_tracefs();
	ck_assert_int_eq(run("trace --starved 250 -- " SELF " starves"), 1);
	says("starved: group ");
	says(" and was not run, from ");
	ck_assert_int_eq(run("trace --starved 60000 -- " SELF " starves"), 0);
	says_not("starved: ");
}
END_TEST

START_TEST(rules)
{
	make_file("c.txt",
		  "w-1 [000] d..1. 1.000: umcg_register: group=1 tid=9 slot=1 NONE -> BLOCKED flags=0x2\n"
		  "w-1 [000] d..1. 1.001: umcg_run: group=1 tid=9 slot=1 BLOCKED -> RUNNING server=8 run=1 handoff=0\n");
	ck_assert_int_eq(run("trace -i c.txt --check"), 1);
	says("rule: group 1, tid 9: blocked: run; in: w-1 ");
	ck_assert_int_eq(run("trace -i c.txt"), 0);
	make_file("c.txt", "w-1 [000] d..1. 2.0: umcg_hold: group=1 tid=9 slot=1 X -> Y\n");
	ck_assert_int_eq(run("trace -i c.txt"), 1);
	says("not a trace, or not in its order: w-1 ");
	make_file("c.txt", "nothing\n");
	ck_assert_int_eq(run("trace -i c.txt"), 1);
	says("nothing to be seen");
	ck_assert_int_eq(run("trace -i /nonexistent"), 1);
	says("/nonexistent: No such file");
	/* a counter is no clock */
	make_file("c.txt", "w-1 [000] d..1. 7: umcg_register: group=1 tid=9 slot=1 NONE -> BLOCKED flags=0x2\n");
	ck_assert_int_eq(run("trace -i c.txt --check"), 0);
	ck_assert_int_eq(run("trace -i c.txt --svg -"), 1);
	says("its clock does not tell the time");
}
END_TEST

START_TEST(lost_events)
{
	needs_tracefs();
	ck_assert_int_eq(run("trace -b 4 -- " SELF " yields 2000"), 1);
	says(" events were lost");
	says("--buffer KB");
	ck_assert_int_eq(run("trace --check -- " SELF " yields 2000"), 0);
	says_not(" events were lost");
	expect_eq(instances(), 0);
}
END_TEST

static pid_t spawn(void)
{
	pid_t child;

	unlink(STARTED);
	child = expect_sys(fork());
	if (!child)
		expect_sys(execl(SELF, SELF, "yields", "0", NULL));
	return child;
}

/* And something of what it does is recorded. */
static void wait_until_started(void)
{
	wait_for(!access(STARTED, F_OK));
	sleep_ns(longer(100 * MSEC));
}

static void kill_it(pid_t child, int signal)
{
	expect_sys(kill(child, signal));
	expect_sys(waitpid(child, NULL, 0));
}

/* And what others do meanwhile is none of it. */
START_TEST(a_process)
{
	pid_t child, other;
	char arguments[128], group[32];

	needs_tracefs();
	other = spawn();
	child = spawn();
	wait_until_started();
	snprintf(arguments, sizeof(arguments), "trace -p %d -d 0.2 --check -b 65536", child);
	ck_assert_int_eq(run(arguments), 0);
	says("1 groups, 1 servers, 1 workers");
	snprintf(group, sizeof(group), " %8d ", child);
	says(group);
	ck_assert_int_eq(run("trace -- " HELLO " 2>&1"), 0);
	says("1 groups, 1 servers, 2 workers");
	kill_it(child, SIGKILL);
	kill_it(other, SIGKILL);
	ck_assert_int_eq(run(arguments), 1);
	says("there is no process ");
	snprintf(arguments, sizeof(arguments), "trace -p %d -d 0.1", getppid());
	ck_assert_int_eq(run(arguments), 1);
	says("nothing to be seen");
	expect_eq(instances(), 0);
}
END_TEST

static pid_t start_trace(const char *output)
{
	pid_t child;

	unlink(STARTED);
	child = expect_sys(fork());

	if (!child) {
		expect_sys(execl("build/tools/umcg", "umcg", "trace", "-b", "65536", "-o", output,
				 "--", SELF, "yields", "0", NULL));
	}
	wait_until_started();
	return child;
}

/* It is told, or it is killed: the instance goes. */
START_TEST(interrupted)
{
	int status;
	pid_t child;

	needs_tracefs();
	child = start_trace("d.txt");
	expect_sys(kill(child, SIGINT));
	expect_sys(waitpid(child, &status, 0));
	ck_assert_int_eq(status, 0);
	file_has("d.txt", ": umcg_yield: ");
	expect_eq(instances(), 0);

	child = start_trace("e.txt");
	kill_it(child, SIGKILL);
	wait_for(instances() == 0);
}
END_TEST

START_TEST(programs_that_fail)
{
	needs_tracefs();
	ck_assert_int_eq(run("trace -- /nonexistent"), 1);
	says("umcg: /nonexistent: No such file or directory");
	ck_assert_int_eq(run("trace -- " SELF " fails"), 1);
	says("ended with status 3");
	ck_assert_int_eq(run("trace -- true"), 1);
	says("nothing to be seen: no thread of it took part in a group");
	ck_assert_int_eq(run("trace -o /nonexistent/x -- " HELLO), 1);
	says("/nonexistent/x: No such file or directory");
	ck_assert_int_eq(run("trace --svg /dev/full -- " HELLO), 1);
	says("/dev/full: No space left");
	expect_eq(instances(), 0);
}
END_TEST

START_TEST(without_privilege)
{
	nobody_become();
	ck_assert_int_eq(run("trace -- true"), 1);
	says("needs root");
}
END_TEST

START_TEST(without_tracefs)
{
	if (access(TRACEFS, F_OK) != 0)
		skip("this kernel has no tracing");
	own_mounts();
	hide(TRACEFS);
	ck_assert_int_eq(run("trace -- true"), 1);
	says("mount -t tracefs");
}
END_TEST

START_TEST(without_module)
{
	unload();
	ck_assert_int_eq(run("trace -- true"), 1);
	says("not loaded. Remedy: as root: umcg load");
	ck_assert_int_eq(module_load(), 0);
}
END_TEST

START_TEST(usage)
{
	static const char *const wrong[] = {
		"trace", "trace --", "trace -p 0", "trace -p x", "trace -p 1 true",
		"trace -d 1 -- true", "trace -p 1 -d -1", "trace -b 1 true", "trace --starved x true",
		"trace --what", "trace -i x -p 1", "--json trace true", "trace --json",
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ck_assert_msg(run(wrong[i]) == 2, "%s: %s", wrong[i], said);
		says("Try 'umcg --help'");
	}
	ck_assert_int_eq(run("trace --help"), 0);
	says("usage: umcg trace ");
}
END_TEST

static void put_back(void)
{
	ck_assert_int_eq(module_load(), 0);
}

Suite *make_suite(void)
{
	Suite *s = suite_create("command_trace");

	ADD(s, a_program, 60);
	ADD(s, why_it_stops, 60);
	ADD(s, starved, 60);
	ADD(s, rules, 60);
	ADD(s, lost_events, 60);
	ADD(s, a_process, 60);
	ADD(s, interrupted, 60);
	ADD(s, programs_that_fail, 60);
	ADD(s, without_privilege, 60);
	ADD(s, without_tracefs, 60);
	ADD_BETWEEN(s, without_module, 60, put_back, put_back);
	ADD(s, usage, 60);
	return s;
}
