// SPDX-License-Identifier: MIT
/* umcg - is UMCG there, and if not, why; load it, unload it */
/* libs: -lkmod */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct command {
	const char *name;
	int (*run)(bool json);
	bool has_json;
	const char *help;
} commands[] = {
	{ "check", command_check, true, "can this user use UMCG, and if not, what to do" },
	{ "load", command_load, false, "load the module" },
	{ "unload", command_unload, false, "unload it, or say who holds it" },
	{ "status", command_status, true, "what is loaded, and what it offers" },
};

#define NCOMMANDS	(sizeof(commands) / sizeof(*commands))

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 }
};

static void help(FILE *out)
{
	size_t i;

	fputs("usage: umcg [OPTION]... COMMAND\n\n", out);
	for (i = 0; i < NCOMMANDS; i++)
		fprintf(out, "  %-14s%s\n", commands[i].name, commands[i].help);
	fputs("\n"
	      "  -j, --json    check, status: answer in JSON\n"
	      "  -h, --help    this text\n"
	      "  -V, --version the version of this command\n"
	      "\n"
	      "The exit status is 0, 1 if the answer is no or it failed, 2 for wrong usage.\n",
	      out);
}

static int usage(const char *wrong, const char *what)
{
	if (wrong)
		fprintf(stderr, "umcg: %s%s\n", wrong, what);
	fputs("Try 'umcg --help'.\n", stderr);
	return EXIT_USAGE;
}

static int run(const char *name, bool json)
{
	size_t i;

	for (i = 0; i < NCOMMANDS; i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (json && !commands[i].has_json)
			return usage("no --json for ", name);
		return commands[i].run(json);
	}
	return usage("no such command: ", name);
}

/* An answer that could not be written is none. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	perror("umcg: standard output");
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "hjV", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			help(stdout);
			return finish(EXIT_SUCCESS);
		case 'j':
			json = true;
			break;
		case 'V':
			puts("umcg " UMCG_VERSION);
			return finish(EXIT_SUCCESS);
		default:
			return usage(NULL, NULL);
		}
	}
	if (optind == argc)
		return usage("which command?", "");
	if (optind + 1 < argc)
		return usage("too much: ", argv[optind + 1]);
	return finish(run(argv[optind], json));
}
