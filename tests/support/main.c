// SPDX-License-Identifier: GPL-2.0-only
/* The main program of every suite. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"
#include "module.h"
#include "suite.h"

__attribute__((weak)) int helper_main(int argc, char **argv)
{
	fprintf(stderr, "%s: %d arguments for nobody\n", argv[0], argc - 1);
	return 2;
}

/* One write, so that lines of several processes do not run into each other. */
static void say(const char *prefix, const char *format, va_list args)
{
	char line[512];
	int length = snprintf(line, sizeof(line), "# %s", prefix);
	int rest = vsnprintf(line + length, sizeof(line) - length - 1, format,
			     args);

	length += rest;
	if (length > (int)sizeof(line) - 2)
		length = (int)sizeof(line) - 2;
	line[length++] = '\n';
	if (write(STDOUT_FILENO, line, length) < 0)
		perror("stdout");
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args);
	va_end(args);
}

void skip_say(const char *test, const char *format, ...)
{
	char prefix[128];
	va_list args;

	/* without the _fn that check puts behind the name of a test */
	snprintf(prefix, sizeof(prefix), "SKIP %.*s: ", (int)strlen(test) - 3,
		 test);
	va_start(args, format);
	say(prefix, format, args);
	va_end(args);
}

/* How many times slower than others this machine is; tests/suites.sh says so. */
static unsigned int slowness(void)
{
	const char *text = getenv("UMCG_SLOW");
	int times = text ? atoi(text) : 1;

	return times > 1 ? times : 1;
}

unsigned int fewer(unsigned int n)
{
	return (n + slowness() - 1) / slowness();
}

__u64 longer(__u64 ns)
{
	return ns * slowness();
}

bool wait_more(unsigned int tries)
{
	sleep_ns(tries < 20 ? 100 * 1000 : 2 * MSEC);
	return tries < 10 * 1000 * slowness();
}

struct umcg_group *open_group(void)
{
	struct umcg_group *g;
	int error = umcg_open(&g);

	if (error)
		ck_abort_msg("umcg_open: %d", error);
	return g;
}

bool has_features(struct umcg_group *g, __u64 features)
{
	struct umcg_query q;

	umcg_query(g, &q);
	return (q.features & features) == features;
}

int raw_ioctl(int fd, unsigned long request, void *arg)
{
	int result = ioctl(fd, request, arg);

	return result < 0 ? -errno : result;
}

/*
 * khugepaged, which looks around every ten seconds, holds the mmap_lock for
 * writing and takes two megabytes out of the page table while it copies them. A
 * worker that touches one of them meanwhile waits, wherever it is: a block like any
 * other, but one that a test cannot expect. A child keeps this, through exec too.
 */
static void leave_our_pages(void)
{
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		perror("PR_SET_THP_DISABLE");
}

int main(int argc, char **argv)
{
	SRunner *runner;
	int failed, error;

	if (argc > 1)
		return helper_main(argc, argv);
	leave_our_pages();
	error = module_load();
	if (error) {
		fprintf(stderr, "umcg.ko cannot be loaded: %s\n",
			module_strerror(error));
		return EXIT_FAILURE;
	}
	runner = srunner_create(make_suite());
	/* A test ends as a process does: its threads, its groups, all of it. */
	srunner_set_fork_status(runner, CK_FORK);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
