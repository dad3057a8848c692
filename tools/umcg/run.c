// SPDX-License-Identifier: MIT
/* umcg run: a program as it is, its threads scheduled by servers of its own */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

static const struct option options[] = {
	{ "servers", required_argument, NULL, 'n' },
	{ "policy", required_argument, NULL, 'p' },
	{ "seed", required_argument, NULL, 's' },
	{ "slice", required_argument, NULL, 't' },
	{ "priority", required_argument, NULL, 'P' },
	{ "stats", optional_argument, NULL, 'S' },
	{ "or-plain", no_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static int help(void)
{
	fputs("usage: umcg run [OPTION]... [--] PROGRAM [ARGUMENT]...\n\n"
	      "  -n, --servers N       so many threads run at one time; one per CPU unless said\n"
	      "  -p, --policy POLICY   who is next: fifo (default), lifo, prio, edf, random\n"
	      "  -P, --priority NAME=N of threads of that name, for prio; repeatable\n"
	      "      --priority :PORT=N  of those that serve connections to that port\n"
	      "  -s, --seed N          for random, on one server unless said: the same choices again\n"
	      "  -t, --slice US        how long a thread runs before others do, in microseconds\n"
	      "                        (4000), or none\n"
	      "      --stats[=FILE]    say at the end what servers and threads did; to that file\n"
	      "      --or-plain        run it as it is if it cannot be scheduled\n\n"
	      "PROGRAM is linked dynamically and not setuid. What it starts is run likewise.\n"
	      "The exit status is PROGRAM's; 125 if umcg run failed, 126 if PROGRAM cannot be\n"
	      "run, 127 if it is not there.\n", stdout);
	return EXIT_SUCCESS;
}

static int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int complain(const char *format, ...)
{
	va_list args;

	fputs("umcg run: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_RUN;
}

static int wrong(const char *what, const char *value)
{
	complain("%s%s", what, value);
	fputs("Try 'umcg run --help'.\n", stderr);
	return EXIT_RUN;
}

/* --- options: they go into the environment, as libumcg-run wants them --------------- */

static bool is_number(const char *text, unsigned long long min, unsigned long long max)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && n >= min && n <= max;
}

static int set(const char *name, const char *value)
{
	if (setenv(name, value, 1) == 0)
		return 0;
	return complain("no memory");
}

static int set_number(const char *name, const char *option, const char *value,
		      unsigned long long min, unsigned long long max)
{
	if (is_number(value, min, max))
		return set(name, value);
	complain("--%s: from %llu to %llu, not: %s", option, min, max, value);
	fputs("Try 'umcg run --help'.\n", stderr);
	return EXIT_RUN;
}

static int set_policy(const char *name)
{
	static const char *const policies[] = { "fifo", "lifo", "prio", "edf", "random" };
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		if (!strcmp(name, policies[i]))
			return set("UMCG_RUN_POLICY", name);
	return wrong("--policy: fifo, lifo, prio, edf or random, not: ", name);
}

/* "NAME=N" or ":PORT=N", behind those that are there already */
static int add_priority(const char *text)
{
	const char *is = strchr(text, '='), *before = getenv("UMCG_RUN_PRIORITIES");
	char *all = NULL;
	int status;

	if (!is || is == text || strchr(text, ',') ||
	    !is_number(is + 1 + (is[1] == '-'), 0, 1000000))
		return wrong("--priority: NAME=N or :PORT=N, not: ", text);
	if (asprintf(&all, "%s%s%s", before ? before : "", before ? "," : "", text) < 0)
		return complain("no memory");
	status = set("UMCG_RUN_PRIORITIES", all);
	free(all);
	return status;
}

static int set_slice(const char *us)
{
	if (!strcmp(us, "none"))
		return set("UMCG_RUN_SLICE", us);
	return set_number("UMCG_RUN_SLICE", "slice", us, 100, (1ULL << 47) / 1000 - 1);
}

/* A program may change its directory before it ends. */
static int set_stats(const char *file)
{
	char *whole = NULL, *dir;
	int status;

	if (!file || *file == '/')
		return set("UMCG_RUN_STATS", file ? file : "-");
	dir = getcwd(NULL, 0);
	if (!dir || asprintf(&whole, "%s/%s", dir, file) < 0)
		return complain("the current directory: %s", strerror(errno));
	status = set("UMCG_RUN_STATS", whole);
	free(whole);
	free(dir);
	return status;
}

/* Of an umcg run that this one was started by, nothing stays. */
static void forget_all(void)
{
	static const char *const names[] = {
		"UMCG_RUN_SERVERS", "UMCG_RUN_POLICY", "UMCG_RUN_SEED", "UMCG_RUN_SLICE",
		"UMCG_RUN_STATS", "UMCG_RUN_PRIORITIES",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		unsetenv(names[i]);
}

static int take_option(int c, bool *or_plain)
{
	switch (c) {
	case 'n':
		return set_number("UMCG_RUN_SERVERS", "servers", optarg, 1, 1024);
	case 'p':
		return set_policy(optarg);
	case 'P':
		return add_priority(optarg);
	case 's':
		return set_number("UMCG_RUN_SEED", "seed", optarg, 0, ~0ULL);
	case 't':
		return set_slice(optarg);
	case 'S':
		return set_stats(optarg);
	case 'o':
		*or_plain = true;
		return 0;
	default:
		fputs("Try 'umcg run --help'.\n", stderr);
		return EXIT_RUN;
	}
}

/* --- the library --------------------------------------------------------------------- */

#define LIBRARY	"libumcg-run.so"

/* Where it is installed, seen from the command, and where it is built. */
static const char *const places[] = {
	"../lib/umcg/" LIBRARY,
	"../lib/x86_64-linux-gnu/umcg/" LIBRARY,
};

static bool beside_us(char *path, size_t size)
{
	char self[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	if (n < 0)
		return false;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char there[PATH_MAX + 64];

		snprintf(there, sizeof(there), "%s/%s", self, places[i]);
		if (size >= PATH_MAX && realpath(there, path))
			return true;
	}
	return false;
}

/* LD_PRELOAD is a list, of names without spaces and colons. */
static int preload(void)
{
	const char *before = getenv("LD_PRELOAD"), *said = getenv("UMCG_RUN_LIBRARY");
	char path[PATH_MAX], *all = NULL;
	int status;

	if (said)
		snprintf(path, sizeof(path), "%s", said);
	else if (!beside_us(path, sizeof(path)))
		return complain("%s is not there: is umcg installed as a whole?", LIBRARY);
	if (access(path, R_OK))
		return complain("%s: %s", path, strerror(errno));
	if (strpbrk(path, " :"))
		return complain("%s cannot be loaded: spaces and colons end a name in LD_PRELOAD",
				path);
	if (before && strstr(before, path))
		return 0;
	if (asprintf(&all, "%s%s%s", path, before && *before ? ":" : "",
		     before ? before : "") < 0)
		return complain("no memory");
	status = set("LD_PRELOAD", all);
	free(all);
	return status;
}

/* --- the program ------------------------------------------------------------------------ */

/* 0, or it cannot be scheduled, and why has been said. */
static int prepare(const char *path)
{
	char why[RUN_WHY_MAX];

	if (umcg_available(why, sizeof(why)))
		return complain("%s", why);
	if (!program_is_fit(path, why, sizeof(why)))
		return complain("%s %s", path, why);
	return preload();
}

static int execute(char *const argv[], bool or_plain)
{
	char path[PATH_MAX];
	int error = program_find(argv[0], path, sizeof(path));

	if (!error && prepare(path) && !or_plain)
		return EXIT_RUN;
	if (!error) {
		fflush(NULL);
		execv(path, argv);
		error = -errno;
	}
	complain("%s: %s", argv[0], strerror(-error));
	return error == -ENOENT ? EXIT_RUN_NOT_THERE : EXIT_RUN_CANNOT;
}

int command_run(int argc, char **argv, bool json)
{
	bool or_plain = false;
	const char *policy;
	int c, status;

	if (json)
		return wrong("no --json for ", "run");
	forget_all();
	while ((c = getopt_long(argc, argv, "+n:p:P:s:t:h", options, NULL)) != -1) {
		if (c == 'h')
			return help();
		status = take_option(c, &or_plain);
		if (status)
			return status;
	}
	if (optind == argc)
		return wrong("which program?", "");
	policy = getenv("UMCG_RUN_POLICY");
	if (policy && !strcmp(policy, "random") && !getenv("UMCG_RUN_SERVERS") &&
	    set("UMCG_RUN_SERVERS", "1"))
		return EXIT_RUN;
	return execute(argv + optind, or_plain);
}
