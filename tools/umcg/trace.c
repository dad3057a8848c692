// SPDX-License-Identifier: MIT
/* umcg trace: records what servers and workers do, shows it, and looks for what is wrong */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record.h"
#include "trace.h"

#define BUFFER_KB	16384	/* for each processor: some 200,000 events */
#define BUFFER_KB_MAX	(4U << 20)

/**
 * struct wish - the command line
 * @text, @json, @svg: files to write, or NULL
 * @input: a recording to read instead of making one
 * @pid: 0: @program is to be run
 * @ms: how long; -1: as long as it takes
 * @starved_ns: UINT64_MAX: does not matter
 */
struct wish {
	const char *text, *json, *svg, *input;
	pid_t pid;
	char **program;
	int ms;
	unsigned int kb;
	bool check;
	uint64_t starved_ns;
};

static const struct option options[] = {
	{ "buffer", required_argument, NULL, 'b' },
	{ "check", no_argument, NULL, 'c' },
	{ "duration", required_argument, NULL, 'd' },
	{ "input", required_argument, NULL, 'i' },
	{ "json", required_argument, NULL, 'J' },
	{ "output", required_argument, NULL, 'o' },
	{ "pid", required_argument, NULL, 'p' },
	{ "starved", required_argument, NULL, 's' },
	{ "svg", required_argument, NULL, 'S' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static int help(void)
{
	fputs("usage: umcg trace [OPTION]... [--] PROGRAM [ARG]...\n"
	      "       umcg trace [OPTION]... --pid PID [--duration SECONDS]\n"
	      "       umcg trace [OPTION]... --input FILE\n\n"
	      "  -o, --output FILE    write it: .json and .svg as below, else the events as text\n"
	      "      --json FILE      for ui.perfetto.dev and chrome://tracing\n"
	      "      --svg FILE       a picture: who ran where, and why it stopped\n"
	      "  -c, --check          hold the events against the rules of UMCG\n"
	      "      --starved MS     tell of workers that could run and were not run for MS\n"
	      "  -p, --pid PID        of that process, until it ends or SIGINT comes\n"
	      "  -d, --duration SECONDS\n"
	      "                       or for so long\n"
	      "  -i, --input FILE     of a recording that -o has written\n"
	      "  -b, --buffer KB      memory for each processor (16384)\n\n"
	      "What it says goes to standard error. FILE may be - for standard output.\n"
	      "The exit status is 0, 1 if it failed, events were lost, PROGRAM failed, or --check\n"
	      "or --starved found something, 2 for wrong usage.\n", stdout);
	return EXIT_SUCCESS;
}

/* --- the command line --------------------------------------------------------- */

static bool number(const char *text, double least, double most, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && !*end && *value >= least && *value <= most;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && !strcmp(name + length - end, suffix);
}

static void choose_output(struct wish *w, const char *name)
{
	if (has_suffix(name, ".json"))
		w->json = name;
	else if (has_suffix(name, ".svg"))
		w->svg = name;
	else
		w->text = name;
}

static int take_option(struct wish *w, int c)
{
	double value = 0;

	switch (c) {
	case 'o':
		choose_output(w, optarg);
		return 0;
	case 'J':
		w->json = optarg;
		return 0;
	case 'S':
		w->svg = optarg;
		return 0;
	case 'i':
		w->input = optarg;
		return 0;
	case 'c':
		w->check = true;
		return 0;
	case 'p':
		if (!number(optarg, 1, 1 << 22, &value))
			return usage("not a process: ", optarg);
		w->pid = (pid_t)value;
		return 0;
	case 'd':
		if (!number(optarg, 0.001, 86400, &value))
			return usage("not a time of up to a day, in seconds: ", optarg);
		w->ms = (int)(value * 1000);
		return 0;
	case 's':
		if (!number(optarg, 0, 86400000, &value))
			return usage("not a time in ms: ", optarg);
		w->starved_ns = (uint64_t)(value * 1e6);
		return 0;
	case 'b':
		if (!number(optarg, 4, BUFFER_KB_MAX, &value))
			return usage("not a size from 4 kB to 4 GB, in kB: ", optarg);
		w->kb = (unsigned int)value;
		return 0;
	default:
		return usage(NULL, NULL);
	}
}

static int check_wish(const struct wish *w)
{
	int sources = !!w->pid + !!w->program + !!w->input;

	if (!sources)
		return usage("trace of what? A PROGRAM, --pid or --input", "");
	if (sources > 1)
		return usage("only one of PROGRAM, --pid and --input", "");
	if (w->ms >= 0 && !w->pid)
		return usage("--duration is for --pid", "");
	return 0;
}

/* --- a recording ---------------------------------------------------------------- */

/* Waits for a byte of ours before it becomes @program, and says what went wrong. */
static void become(char **program, int go, int failed)
{
	char byte;
	int error;

	if (read(go, &byte, 1) != 1)
		_exit(EXIT_FAILURE);
	execvp(program[0], program);
	error = errno;
	if (write(failed, &error, sizeof(error)) < 0)
		perror("umcg");
	_exit(EXIT_FAILURE);
}

static bool program_went_well(const char *name, int status)
{
	if (WIFSIGNALED(status))
		fprintf(stderr, "umcg: %s was ended by signal %d\n", name, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		fprintf(stderr, "umcg: %s ended with status %d\n", name, WEXITSTATUS(status));
	return !status;
}

/* A signal to us is one to the program, too, which may have had it already. */
static bool wait_for_program(const char *name, pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (record_is_over()) {
			kill(child, SIGTERM);
			fprintf(stderr, "umcg: %s is not waited for any more\n", name);
			return true;
		}
		record_wait(child, -1);
	}
	return program_went_well(name, status);
}

static bool run_program(char **program)
{
	int go[2], failed[2], error = 0;
	bool well = false;
	pid_t child;

	if (pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC)) {
		perror("umcg: pipe");
		return false;
	}
	child = fork();
	if (!child)
		become(program, go[0], failed[1]);
	close(go[0]);
	close(failed[1]);
	if (child < 0) {
		perror("umcg: fork");
	} else {
		family_add(child);
		if (write(go[1], "g", 1) == 1 &&
		    read(failed[0], &error, sizeof(error)) == sizeof(error)) {
			fprintf(stderr, "umcg: %s: %s\n", program[0], strerror(error));
			waitpid(child, NULL, 0);
		} else {
			well = wait_for_program(program[0], child);
		}
	}
	close(go[1]);
	close(failed[0]);
	return well;
}

static bool watch_process(const struct wish *w)
{
	if (!family_add_process(w->pid) || !record_wait(w->pid, w->ms)) {
		fprintf(stderr, "umcg: there is no process %d\n", w->pid);
		return false;
	}
	return true;
}

static bool tell_lost(const struct recording *r, const struct wish *w)
{
	long lost = instance_lost(&r->instance);

	if (lost < 0)
		fputs("umcg: the kernel does not say whether events were lost\n", stderr);
	else if (lost)
		fprintf(stderr, "umcg: %ld events were lost, the end of it is missing. Remedy: more than the %u kB of now, --buffer KB; or less time\n",
			lost, w->kb);
	return !lost;
}

/* Return: did all of it go well? *@text: what was recorded, NULL if nothing was. */
static bool record(const struct wish *w, char **text)
{
	struct recording r;
	bool well;
	int fd;

	*text = NULL;
	if (!record_begin(&r, w->kb, record_all))
		return false;
	well = w->pid ? watch_process(w) : run_program(w->program);
	record_stop(&r);
	well &= tell_lost(&r, w);
	fd = instance_open(&r.instance, "trace");
	*text = fd < 0 ? NULL : instance_read(fd);
	if (!*text)
		fprintf(stderr, "umcg: the trace cannot be read: %s\n", strerror(errno));
	record_end(&r);
	return well;
}

static char *read_input(const char *name)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	char *text = fd < 0 ? NULL : instance_read(fd);

	if (!text)
		fprintf(stderr, "umcg: %s: %s\n", name, strerror(errno));
	return text;
}

/* --- what becomes of it ------------------------------------------------------------ */

static FILE *create(const char *name)
{
	FILE *out = strcmp(name, "-") ? fopen(name, "we") : stdout;

	if (!out)
		fprintf(stderr, "umcg: %s: %s\n", name, strerror(errno));
	return out;
}

static bool finish(FILE *out, const char *name, bool whole)
{
	bool written = !fflush(out) && !ferror(out);

	if (out != stdout && fclose(out))
		written = false;
	if (!written)
		fprintf(stderr, "umcg: %s: %s\n", name, strerror(errno));
	else if (!whole)
		fprintf(stderr, "umcg: %s: no memory\n", name);
	return written && whole;
}

static bool write_text(const struct wish *w, const struct trace *t)
{
	FILE *out = create(w->text);
	size_t i;

	if (!out)
		return false;
	for (i = 0; i < t->count; i++)
		fprintf(out, "%s\n", t->events[i].text);
	return finish(out, w->text, true);
}

static bool write_json(const struct wish *w, const struct timeline *t)
{
	FILE *out = create(w->json);

	return out && finish(out, w->json, write_trace_json(out, t));
}

static void put_title(const struct wish *w, char *title, size_t size)
{
	char *const *word;
	size_t length = 0;

	if (w->program)
		for (word = w->program; *word && length < size; word++)
			length += snprintf(title + length, size - length, "%s%s",
					   length ? " " : "", *word);
	else if (w->pid)
		snprintf(title, size, "process %d", w->pid);
	else
		snprintf(title, size, "%s", w->input);
}

static bool write_svg(const struct wish *w, const struct timeline *t)
{
	FILE *out = create(w->svg);
	char title[120];

	put_title(w, title, sizeof(title));
	return out && finish(out, w->svg, write_trace_svg(out, t, title));
}

static bool show_timeline(const struct wish *w, const struct trace *trace)
{
	struct timeline t = { 0 };
	bool well = true;
	size_t i;

	for (i = 0; i < trace->count; i++)
		timeline_add(&t, &trace->events[i]);
	timeline_end(&t);
	if (t.failed) {
		fputs("umcg: no memory for all of it\n", stderr);
		well = false;
	}
	write_trace_sums(stderr, &t);
	if (w->json)
		well &= write_json(w, &t);
	if (w->svg)
		well &= write_svg(w, &t);
	if (w->starved_ns != UINT64_MAX)
		well &= !check_starved(&t, w->starved_ns);
	timeline_free(&t);
	return well;
}

static bool show(const struct wish *w, const struct trace *t)
{
	bool well = true;

	if (!t->count) {
		fputs("umcg: nothing to be seen: no thread of it took part in a group\n",
		      stderr);
		return false;
	}
	if (w->text)
		well &= write_text(w, t);
	if (w->check)
		well &= !check_rules(t, !w->program);
	if (t->is_time)
		return show_timeline(w, t) && well;
	fputs("umcg: its clock does not tell the time, so there is no more to say of it\n", stderr);
	return well && !w->json && !w->svg && w->starved_ns == UINT64_MAX;
}

static bool trace(const struct wish *w)
{
	struct trace t = { 0 };
	bool well = true;
	char *text;
	int error;

	if (w->input)
		text = read_input(w->input);
	else
		well = record(w, &text);
	if (!text)
		return false;
	error = trace_parse(&t, text);
	if (error == -EINVAL)
		fprintf(stderr, "umcg: not a trace, or not in its order: %s\n", t.bad);
	else if (error)
		fputs("umcg: no memory for all of it\n", stderr);
	if (!error && !w->input)
		family_select(&t);
	well &= !error && show(w, &t);
	trace_free(&t);
	return well;
}

int command_trace(int argc, char **argv, bool json)
{
	struct wish w = { .ms = -1, .kb = BUFFER_KB, .starved_ns = UINT64_MAX };
	int c, wrong;

	(void)json;
	while ((c = getopt_long(argc, argv, "+b:cd:i:o:p:h", options, NULL)) != -1) {
		if (c == 'h')
			return help();
		wrong = take_option(&w, c);
		if (wrong)
			return wrong;
	}
	if (optind < argc)
		w.program = argv + optind;
	wrong = check_wish(&w);
	if (wrong)
		return wrong;
	return trace(&w) ? EXIT_SUCCESS : EXIT_FAILURE;
}
