// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "meaning.h"
#include "proc.h"
#include "suite.h"

void tell(const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	line[n++] = '\n';
	if (write(STDOUT_FILENO, line, n) != n)
		_exit(99);
}

bool meaning_is_run(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "libumcg-run.so");
}

/* --- is each of them in the group? ----------------------------------------------- */

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = -2; /* . and .. */

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* The fdinfo of the group that is this process's own. */
static bool find_group(char *path, size_t size)
{
	DIR *dir = opendir("/proc/self/fdinfo");
	struct dirent *e;
	bool found = false;

	while (dir && !found) {
		e = readdir(dir);
		if (!e)
			break;
		snprintf(path, size, "/proc/self/fdinfo/%s", e->d_name);
		found = read_number(path, "umcg-owner:") == getpid();
	}
	if (dir)
		closedir(dir);
	return found;
}

static int count_workers(const char *path)
{
	char line[256];
	int running, runnable, parked, away, blocked, n = -1;
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "umcg-workers: running=%d runnable=%d parked=%d away=%d blocked=%d",
			   &running, &runnable, &parked, &away, &blocked) == 5)
			n = running + runnable + blocked;
	if (f)
		fclose(f);
	return n;
}

/* Threads register when they begin, and leave /proc later than the group. */
void meaning_scheduled(void)
{
	char path[300];
	int threads = 0, servers = 0, workers = 0, tries;

	if (!meaning_is_run())
		return;
	if (!find_group(path, sizeof(path))) {
		tell("no group");
		return;
	}
	for (tries = 0; tries < 500; tries++) {
		threads = count_entries("/proc/self/task");
		servers = (int)read_number(path, "umcg-servers:");
		workers = count_workers(path);
		if (servers > 0 && workers > 0 && threads == servers + workers)
			return;
		sleep_ns(10 * MSEC);
	}
	tell("%d threads, but %d servers and %d workers", threads, servers, workers);
}

/* --- both ways --------------------------------------------------------------------- */

int meaning_show(const struct meaning *all, int argc, char **argv)
{
	for (; argc == 2 && all->name; all++)
		if (!strcmp(all->name, argv[1]))
			return all->show();
	return 98;
}

/* What it prints to both outputs, and how it ends, in words. */
static void run_it(const char *command, char *text, size_t size)
{
	FILE *f = popen(command, "re");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, size - 32, f);
	n += sprintf(text + n, "status %#x\n", pclose(f));
	ck_assert_uint_lt(n, size);
}

void meaning_is_kept(const char *suite, const char *name)
{
	static char plain[8192], run[8192];
	char command[512];
	int servers;

	/* exec: how it ends is how the program ends */
	snprintf(command, sizeof(command), "exec build/tests/%s %s 2>&1", suite, name);
	run_it(command, plain, sizeof(plain));
	ck_assert_msg(strstr(plain, "ok\n"), "as it is: %.2000s", plain);
	for (servers = 1; servers <= 2; servers++) {
		snprintf(command, sizeof(command),
			 "exec build/tools/umcg run --servers %d -- build/tests/%s %s 2>&1",
			 servers, suite, name);
		run_it(command, run, sizeof(run));
		ck_assert_msg(!strcmp(plain, run),
			      "as it is: %.1500s under umcg run, %d servers: %.2000s", plain,
			      servers, run);
	}
}
