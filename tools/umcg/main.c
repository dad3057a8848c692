// SPDX-License-Identifier: MIT
/* umcg - is UMCG there, and if not, why; load it, unload it; see what it does */
/* libs: -lkmod */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct command {
	const char *name;
	int (*run)(bool json);
	int (*parse)(int argc, char **argv, bool json);	/* or: it has options of its own */
	bool has_json;
	const char *help;
} commands[] = {
	{ "check", command_check, NULL, true, "can this user use UMCG, and if not, what to do" },
	{ "load", command_load, NULL, false, "load the module" },
	{ "unload", command_unload, NULL, false, "unload it, or say who holds it" },
	{ "status", command_status, NULL, true, "what is loaded, and what it offers" },
	{ "ps", NULL, command_ps, true, "groups, servers, workers; why nothing runs" },
	{ "top", NULL, command_top, false, "what servers do, live" },
	{ "trace", NULL, command_trace, false, "record what servers and workers do, and show it" },
	{ "run", NULL, command_run, false, "run a program with its threads scheduled by UMCG" },
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
	      "  -j, --json    check, status, ps: answer in JSON\n"
	      "  -h, --help    this text\n"
	      "  -V, --version the version of this command\n"
	      "\n"
	      "ps, top, trace and run have options of their own: umcg COMMAND --help\n"
	      "The exit status is 0, 1 if the answer is no or it failed, 2 for wrong usage; of run\n"
	      "it is the program's.\n",
	      out);
}

int usage(const char *wrong, const char *what)
{
	if (wrong)
		fprintf(stderr, "umcg: %s%s\n", wrong, what);
	fputs("Try 'umcg --help'.\n", stderr);
	return EXIT_USAGE;
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < NCOMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* An answer that could not be written is none. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	perror("umcg: standard output");
	return EXIT_FAILURE;
}

/* Options before or behind a command that has none of its own: -1, or an exit status. */
static int take_options(int argc, char **argv, bool *json)
{
	int c;

	while ((c = getopt_long(argc, argv, "+hjV", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			help(stdout);
			return EXIT_SUCCESS;
		case 'j':
			*json = true;
			break;
		case 'V':
			puts("umcg " UMCG_VERSION);
			return EXIT_SUCCESS;
		default:
			return usage(NULL, NULL);
		}
	}
	return -1;
}

static int run(int argc, char **argv, bool json)
{
	const struct command *command = find(argv[0]);
	int status;

	if (!command)
		return usage("no such command: ", argv[0]);
	if (json && !command->has_json)
		return usage("no --json for ", argv[0]);
	optind = 0;
	if (command->parse)
		return command->parse(argc, argv, json);
	status = take_options(argc, argv, &json);
	if (status >= 0)
		return status;
	if (optind < argc)
		return usage("too much: ", argv[optind]);
	if (json && !command->has_json)
		return usage("no --json for ", argv[0]);
	return command->run(json);
}

int main(int argc, char **argv)
{
	bool json = false;
	int status = take_options(argc, argv, &json);

	if (status >= 0)
		return finish(status);
	if (optind == argc)
		return usage("which command?", "");
	return finish(run(argc - optind, argv + optind, json));
}
