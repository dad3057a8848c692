// SPDX-License-Identifier: GPL-2.0-only
/* vm: --with gdb --with strace --with tools/gdb */
/*
 * gdb, the program itself: it attaches to a process with workers in every state,
 * finds them all, breaks where they go on, steps, and leaves. What they do is what
 * they do without it, and nobody runs that was not scheduled.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cast.h"
#include "clock.h"
#include "fifo.h"
#include "proc.h"
#include "suite.h"

#define COMMANDS	24
#define UMCG_PY		"tools/gdb/umcg.py"

int gdb_says_go; /* set by gdb in the process that it debugs */

static bool may_go(void)
{
	return __atomic_load_n(&gdb_says_go, __ATOMIC_SEQ_CST);
}

static int ready[2];

/* The process that is debugged, which says when it is worth it. */
static pid_t start(int (*process)(void))
{
	pid_t child;
	char byte;

	expect_sys(pipe(ready));
	child = expect_sys(fork());
	if (!child)
		_exit(process());
	close(ready[1]);
	expect_eq(read(ready[0], &byte, 1), 1);
	return child;
}

static void all_are_there(void)
{
	expect_eq(write(ready[1], "x", 1), 1);
}

/* --- gdb ----------------------------------------------------------------- */

/* What it has printed, and its exit status. */
struct session {
	char *said;
	int status;
};

static void exec_gdb(pid_t pid, const char *const *commands, int out)
{
	const char *argv[2 * COMMANDS + 8] = { "gdb", "-nx", "-q", "-batch" };
	char process[32];
	int i = 4;

	expect_sys(dup2(out, STDOUT_FILENO));
	expect_sys(dup2(out, STDERR_FILENO));
	snprintf(process, sizeof(process), "attach %d", pid);
	argv[i++] = "-ex";
	argv[i++] = process;
	for (; *commands; commands++) {
		argv[i++] = "-ex";
		argv[i++] = *commands;
	}
	execvp("gdb", (char **)argv);
	_exit(127);
}

static char *read_all(int fd)
{
	size_t size = 1 << 20, length = 0;
	char *text = malloc(size);
	ssize_t n;

	expect(text);
	while ((n = read(fd, text + length, size - length - 1)) > 0)
		length += n;
	text[length] = '\0';
	return text;
}

static struct session debug(pid_t pid, const char *const *commands)
{
	struct session s;
	pid_t gdb;
	int out[2];

	expect_sys(pipe2(out, O_CLOEXEC));
	gdb = expect_sys(fork());
	if (!gdb)
		exec_gdb(pid, commands, out[1]);
	close(out[1]);
	s.said = read_all(out[0]);
	close(out[0]);
	expect_eq(waitpid(gdb, &s.status, 0), gdb);
	return s;
}

static int times(const char *said, const char *what)
{
	int count = 0;

	while ((said = strstr(said, what))) {
		said += strlen(what);
		count++;
	}
	return count;
}

/* For a person who wonders: all that gdb said. */
static void expect_said(const struct session *s, const char *what, int count)
{
	if (times(s->said, what) == count)
		return;
	fprintf(stderr, "%s\n", s->said);
	ck_abort_msg("gdb said '%s' %d times, not %d", what,
		     times(s->said, what), count);
}

/* --- one of each --------------------------------------------------------- */

static struct cast cast;

static __attribute__((noinline, used)) int twice(int number)
{
	return 2 * number;
}

static int victim(void)
{
	cast_start(&cast, open_group());
	all_are_there();
	expect(cast_stands(&cast));
	wait_for(may_go());
	expect(cast_stands(&cast));
	cast_finish(&cast);
	return 0;
}

static int plain(void)
{
	all_are_there();
	pause();
	return 0;
}

static struct session debug_well(pid_t child, const char *const *commands)
{
	struct session s = debug(child, commands);

	if (s.status)
		fprintf(stderr, "%s\n", s.said);
	ck_assert_int_eq(s.status, 0);
	return s;
}

/* The last one that is hit is stepped: in each step it is scheduled, too. */
START_TEST(breaks_where_each_goes_on)
{
	static const char *const commands[] = {
		"break cast_goes_on", "set var gdb_says_go = 1",
		"continue", "continue", "continue", "continue",
		"set var $at = $pc", "stepi", "print $pc != $at",
		"print twice(21)", "finish", "info threads", "detach", NULL,
	};
	struct session s;
	pid_t child = start(victim);

	s = debug_well(child, commands);
	expect_said(&s, "[New LWP ", ROLES);
	expect_said(&s, " hit Breakpoint 1, cast_goes_on", ROLES);
	expect_said(&s, "$1 = 1\n", 1);
	expect_said(&s, "$2 = 42\n", 1);
	expect_said(&s, "[Inferior 1 (process ", 1);
	expect_said(&s, " detached]", 1);
	ended_well(child);
}
END_TEST

/* Shared files as well, which the slots are to it. */
static void dump_all(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/coredump_filter", pid);
	fd = expect_sys(open(path, O_WRONLY));
	expect_eq(write(fd, "0x3b", 4), 4);
	close(fd);
}

/*
 * What tools/gdb says of each is what it is, of a process and of a core. To stop one
 * that sleeps in a call wakes it, and one that runs, blocks it.
 */
START_TEST(says_what_each_is)
{
	static const char *const wanted[] = {
		"group of process ",
		": server, ",
		"slot 2: worker, RUNNABLE, taken from the list of server LWP ",
		"slot 3: worker, RUNNABLE, parked; home: server LWP ",
		"slot 4: worker, ",
		"slot 5: worker, ",
	};
	static const char *const commands[] = {
		"source " UMCG_PY, "umcg",
		"gcore /tmp/gdb.core", "set var gdb_says_go = 1", "detach",
		"core-file /tmp/gdb.core", "umcg", NULL,
	};
	struct session s;
	pid_t child = start(victim);
	size_t i;

	dump_all(child);
	s = debug_well(child, commands);
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		expect_said(&s, wanted[i], 2);
	expect_eq(times(s.said, ": worker, RUNNABLE, on the list of server LWP ") +
			  times(s.said, ": worker, BLOCKED in read; home: "), 2);
	expect_eq(times(s.said, ": worker, RUNNING under LWP ") +
			  times(s.said, ": worker, BLOCKED in a page fault, or stopped"), 2);
	ended_well(child);
	unlink("/tmp/gdb.core");
}
END_TEST

START_TEST(says_that_there_is_no_group)
{
	static const char *const commands[] = {
		"source " UMCG_PY, "umcg", "detach", NULL,
	};
	struct session s;
	pid_t child = start(plain);

	s = debug_well(child, commands);
	expect_said(&s, "this process has no group open", 1);
	expect_sys(kill(child, SIGKILL));
	expect_sys(waitpid(child, NULL, 0));
}
END_TEST

/* --- in the middle of their work ----------------------------------------- */

#define HANDS	12
#define SERVERS	2

static struct fifo fifo;
static struct worker hands[HANDS];

/* To break at: a call that blocks, or not, and its result. */
static __attribute__((noinline)) int sleep_a_while(unsigned int round)
{
	struct timespec t = { .tv_nsec = round * 500 * USEC };

	return nanosleep(&t, NULL);
}

/*
 * If it slept in that, for whatever reason, its next instruction comes after a
 * switch. EINTR is what a debugger never makes of a nanosleep.
 */
static void one_round(struct worker *w, unsigned int round)
{
	unsigned int turns = fifo_turns(&fifo, w->args.slot);
	unsigned long switches = own_switches();

	expect_eq(sleep_a_while(round), 0);
	if (own_switches() != switches)
		expect(fifo_turns(&fifo, w->args.slot) != turns);
}

static long sleep_often(struct worker *w)
{
	unsigned int i = 0;

	while (!may_go()) {
		one_round(w, i++ % 4);
		step_set(w, i);
	}
	return 0;
}

static int crowd(void)
{
	int i;

	fifo_prepare(&fifo, open_group(), SERVERS);
	for (i = 0; i < HANDS; i++) {
		hands[i].run = sleep_often;
		worker_start(&hands[i], fifo.group,
			     fifo_home(&fifo, i % 3 - 1));
	}
	for (i = 0; i < HANDS; i++)
		wait_for(worker_is_there(&hands[i]));
	fifo_go(&fifo);
	all_are_there();
	for (i = 0; i < HANDS; i++)
		pthread_join(hands[i].thread, NULL);
	wait_for(fifo_ended(&fifo) == HANDS);
	fifo_note(&fifo, "debugged");
	fifo_stop(&fifo);
	return 0;
}

START_TEST(in_the_middle_of_their_work)
{
	static char again[32];
	const char *const commands[] = {
		"set print entry-values no", "detach", again, "detach", again,
		"break sleep_a_while", "ignore 1 20", "continue",
		"next", "next", "continue", "continue", "delete 1",
		"break sleep_a_while if round == 3", "continue", "continue",
		"delete 2", "set var gdb_says_go = 1", "detach", NULL,
	};
	struct session s;
	pid_t child = start(crowd);

	snprintf(again, sizeof(again), "attach %d", child);
	s = debug_well(child, commands);
	expect_said(&s, " hit Breakpoint 2, sleep_a_while (round=3)", 2);
	expect_said(&s, " detached]", 3);
	ended_well(child);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("gdb");

	ADD(s, breaks_where_each_goes_on, 100);
	ADD(s, says_what_each_is, 100);
	ADD(s, says_that_there_is_no_group, 100);
	ADD(s, in_the_middle_of_their_work, 100);
	return s;
}
