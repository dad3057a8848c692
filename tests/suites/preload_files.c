// SPDX-License-Identifier: GPL-2.0-only
/* A program that closes all files it finds, under umcg run: one of them is not its own. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meaning.h"
#include "suite.h"

/* The number of the group's file; -1 as it is. */
static int groups_file(void)
{
	char path[64], target[64];
	int fd;
	ssize_t n;

	for (fd = 0; fd < 4096; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n > 0) {
			target[n] = '\0';
			if (!strcmp(target, UMCG_DEVICE))
				return fd;
		}
	}
	return -1;
}

static void *yields(void *value)
{
	sched_yield();
	usleep(1000);
	return value;
}

/* Is the program still run by its servers? */
static void goes_on(const char *behind)
{
	void *value = NULL;
	pthread_t t;

	tell("%s: pthread_create %d", behind, pthread_create(&t, NULL, yields, &value));
	pthread_join(t, &value);
	tell("joined %d", value == &value);
	meaning_scheduled();
	if (meaning_is_run() && groups_file() < 0)
		tell("the group's file is not there");
}

static int next_file(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

static void each_in_proc(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (atoi(e->d_name) > 2 && atoi(e->d_name) != dirfd(dir))
			close(atoi(e->d_name));
	if (dir)
		closedir(dir);
}

static int show_all_closed(void)
{
	int fd, extra = open("/dev/null", O_RDONLY);

	tell("next is %d", next_file());
	for (fd = 3; fd < 4096; fd++)
		close(fd);
	goes_on("close");
	tell("closed: %d", fcntl(extra, F_GETFD) == -1);
	extra = open("/dev/null", O_RDONLY);
	tell("close_range %d", close_range(3, ~0U, 0));
	goes_on("close_range");
	tell("closed: %d", fcntl(extra, F_GETFD) == -1);
	tell("wrong range: %d", close_range(9, 3, 0) == -1 && errno == EINVAL);
	extra = open("/dev/null", O_RDONLY);
	tell("close on exec %d", close_range(3, ~0U, CLOSE_RANGE_CLOEXEC));
	tell("set: %d", fcntl(extra, F_GETFD) == FD_CLOEXEC);
	closefrom(3);
	goes_on("closefrom");
	tell("closed: %d", fcntl(extra, F_GETFD) == -1);
	extra = open("/dev/null", O_RDONLY);
	each_in_proc();
	goes_on("/proc");
	tell("closed: %d", fcntl(extra, F_GETFD) == -1);
	tell("next is %d", next_file());
	tell("ok");
	return 0;
}

/* What a program cannot do under umcg run, and is told so. */
static void wants_its_number(void)
{
	int ours = groups_file();

	if (!meaning_is_run())
		return;
	if (close(ours) != -1 || errno != EBADF)
		tell("close: %d", errno);
	if (dup2(1, ours) != -1 || errno != EBADF)
		tell("dup2: %d", errno);
	if (dup3(1, ours, O_CLOEXEC) != -1 || errno != EBADF)
		tell("dup3: %d", errno);
	if (ours < 30)
		tell("it is in the way: %d", ours);
}

static int show_numbers(void)
{
	int fd;

	wants_its_number();
	for (fd = 3; fd < 100; fd++)
		if (dup2(1, fd) != fd)
			tell("dup2 %d: %d", fd, errno);
	tell("bad: %d", dup2(4000, 5) == -1 && errno == EBADF);
	tell("same: %d", dup3(3, 3, 0) == -1 && errno == EINVAL);
	goes_on("dup2");
	tell("ok");
	return 0;
}

/* With few files there is no high number. */
static int show_few(void)
{
	struct rlimit files = { 64, 64 };
	int status = 0;
	pid_t pid;

	setrlimit(RLIMIT_NOFILE, &files);
	pid = fork();
	if (!pid) {
		goes_on("few files");
		wants_its_number();
		_exit(3);
	}
	waitpid(pid, &status, 0);
	tell("status %#x", status);
	tell("ok");
	return 0;
}

static const struct meaning meanings[] = {
	{ "all_closed", show_all_closed },
	{ "numbers", show_numbers },
	{ "few_files", show_few },
	{ NULL, NULL },
};

int helper_main(int argc, char **argv)
{
	return meaning_show(meanings, argc, argv);
}

START_TEST(all_closed)
{
	meaning_is_kept("preload_files", "all_closed");
}
END_TEST

START_TEST(numbers)
{
	meaning_is_kept("preload_files", "numbers");
}
END_TEST

START_TEST(few_files)
{
	meaning_is_kept("preload_files", "few_files");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("preload_files");

	ADD(s, all_closed, 60);
	ADD(s, numbers, 60);
	ADD(s, few_files, 60);
	return s;
}
