// SPDX-License-Identifier: GPL-2.0-only
/* Processes: how they begin, fork, become others and end, as they are and under umcg run. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "meaning.h"
#include "suite.h"

#define SELF	"build/tests/preload_process"

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t t;
	int error = pthread_create(&t, NULL, fn, arg);

	if (error)
		tell("pthread_create: %d", error);
	return t;
}

static void ended(const char *what, pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		tell("%s: waitpid: %d", what, errno);
	tell("%s: status %#x", what, status);
}

/* --- fork ------------------------------------------------------------------------- */

static void *nothing(void *value)
{
	sched_yield();
	return value;
}

static void has_a_thread(const char *who)
{
	void *value = NULL;

	meaning_scheduled();
	pthread_join(start(nothing, (void *)9), &value);
	tell("%s joined %ld", who, (long)value);
}

/* A child has threads of its own, and children. */
static void be_a_child(void)
{
	pid_t pid;

	has_a_thread("child");
	pid = fork();
	if (!pid) {
		has_a_thread("grandchild");
		_exit(20);
	}
	ended("grandchild", pid);
	exit(10);
}

static void *forks(void *unused)
{
	pid_t pid = fork();

	if (!pid)
		be_a_child();
	ended("of a thread", pid);
	return unused;
}

/* It is the last thread of its process: that ends with 0. */
static void *forks_and_returns(void *unused)
{
	pid_t pid = fork();

	if (pid)
		ended("returned", pid);
	return unused;
}

static int show_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		be_a_child();
	ended("of main", pid);
	pthread_join(start(forks, NULL), NULL);
	pthread_join(start(forks_and_returns, NULL), NULL);
	pid = fork();
	if (!pid)
		abort();
	ended("aborted", pid);
	tell("ok");
	return 0;
}

static int order;

static void prepare(void)
{
	tell("prepare %d", ++order);
}

static void parent(void)
{
	++order;
}

static void child(void)
{
	tell("child %d", ++order);
}

static int show_atfork(void)
{
	pid_t pid;

	pthread_atfork(prepare, parent, child);
	pid = fork();
	if (!pid)
		_exit(order);
	ended("child", pid);
	tell("parent %d", order);
	tell("ok");
	return 0;
}

/* Many at once, from many threads. */
static void *forks_often(void *unused)
{
	int i, status;
	pid_t pid;

	for (i = 0; i < 5; i++) {
		pid = fork();
		if (!pid)
			_exit(3);
		if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 3)
			tell("wrong: %#x", status);
	}
	return unused;
}

static int show_forks(void)
{
	pthread_t t[4];
	int i;

	for (i = 0; i < 4; i++)
		t[i] = start(forks_often, NULL);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	tell("ok");
	return 0;
}

/* --- exec, spawn, daemon --------------------------------------------------------------- */

static int show_told(void)
{
	meaning_scheduled();
	tell("here I am");
	return 6;
}

static void *becomes_another(void *unused)
{
	execl(SELF, SELF, "told", NULL);
	return unused;
}

static int show_exec(void)
{
	char *argv[] = { "preload_process", "told", NULL };
	pid_t pid = vfork();
	int error;

	if (!pid) {
		execv(SELF, argv);
		_exit(99);
	}
	ended("vfork", pid);
	error = posix_spawn(&pid, SELF, NULL, NULL, argv, environ);
	tell("posix_spawn %d", error);
	ended("spawned", pid);
	tell("no such: %d", posix_spawn(&pid, "/none", NULL, NULL, argv, environ) == ENOENT);
	tell("system %#x", system("exit 4"));
	pid = fork();
	if (!pid) {
		pthread_join(start(becomes_another, NULL), NULL);
		_exit(99);
	}
	ended("exec in a thread", pid);
	tell("failed: %d", execl("/none", "none", NULL) == -1 && errno == ENOENT);
	meaning_scheduled();
	tell("ok");
	return 0;
}

static int ends[2];

static void be_a_daemon(void)
{
	void *value = NULL;
	char byte;

	if (daemon(1, 1))
		_exit(1);
	pthread_join(start(nothing, (void *)5), &value);
	meaning_scheduled();
	byte = value == (void *)5 ? 'y' : 'n';
	/* what is closed is the program's only */
	close(STDIN_FILENO);
	if (write(ends[1], &byte, 1) != 1)
		_exit(2);
	_exit(0);
}

static int show_daemon(void)
{
	char byte = '?';
	pid_t pid;

	if (pipe(ends))
		return 1;
	pid = fork();
	if (!pid)
		be_a_daemon();
	ended("it left", pid);
	tell("read %zd: %c", read(ends[0], &byte, 1), byte);
	tell("ok");
	return 0;
}

/* --- the end -------------------------------------------------------------------------------- */

static void at_exit(void)
{
	tell("at exit");
}

static pthread_key_t key;

static void destroys(void *value)
{
	(void)value;
	tell("destroyed");
}

static void *is_last(void *unused)
{
	pthread_setspecific(key, &key);
	usleep(50000);
	tell("the last");
	tell("ok");
	return unused;
}

/* "The process shall exit with 0 after the last thread has been terminated." */
static int show_last(void)
{
	atexit(at_exit);
	pthread_key_create(&key, destroys);
	start(is_last, NULL);
	pthread_exit((void *)7);
}

static int show_only_main(void)
{
	atexit(at_exit);
	tell("ok");
	pthread_exit((void *)7);
}

static void *exits(void *unused)
{
	tell("ok");
	exit(8);
	return unused;
}

static void *sleeps(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int show_exit(void)
{
	atexit(at_exit);
	start(sleeps, NULL);
	pthread_join(start(exits, NULL), NULL);
	return 9;
}

static int show_returns(void)
{
	atexit(at_exit);
	start(sleeps, NULL);
	tell("ok");
	return 11;
}

static int show_quick(void)
{
	start(sleeps, NULL);
	tell("ok");
	_exit(12);
}

static const struct meaning meanings[] = {
	{ "forked", show_fork },
	{ "atfork", show_atfork },
	{ "forks_in_threads", show_forks },
	{ "told", show_told },
	{ "execed", show_exec },
	{ "daemons", show_daemon },
	{ "last_thread", show_last },
	{ "only_main", show_only_main },
	{ "exit_in_a_thread", show_exit },
	{ "main_returns", show_returns },
	{ "exit_at_once", show_quick },
	{ NULL, NULL },
};

int helper_main(int argc, char **argv)
{
	return meaning_show(meanings, argc, argv);
}

START_TEST(forked)
{
	meaning_is_kept("preload_process", "forked");
}
END_TEST

START_TEST(atfork)
{
	meaning_is_kept("preload_process", "atfork");
}
END_TEST

START_TEST(forks_in_threads)
{
	meaning_is_kept("preload_process", "forks_in_threads");
}
END_TEST

START_TEST(execed)
{
	meaning_is_kept("preload_process", "execed");
}
END_TEST

START_TEST(daemons)
{
	meaning_is_kept("preload_process", "daemons");
}
END_TEST

START_TEST(last_thread)
{
	meaning_is_kept("preload_process", "last_thread");
}
END_TEST

START_TEST(only_main)
{
	meaning_is_kept("preload_process", "only_main");
}
END_TEST

START_TEST(exit_in_a_thread)
{
	meaning_is_kept("preload_process", "exit_in_a_thread");
}
END_TEST

START_TEST(main_returns)
{
	meaning_is_kept("preload_process", "main_returns");
}
END_TEST

START_TEST(exit_at_once)
{
	meaning_is_kept("preload_process", "exit_at_once");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("preload_process");

	ADD(s, forked, 60);
	ADD(s, atfork, 60);
	ADD(s, forks_in_threads, 60);
	ADD(s, execed, 60);
	ADD(s, daemons, 60);
	ADD(s, last_thread, 60);
	ADD(s, only_main, 60);
	ADD(s, exit_in_a_thread, 60);
	ADD(s, main_returns, 60);
	ADD(s, exit_at_once, 60);
	return s;
}
