// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"
#include "tracefs.h"

#define INSTANCES	"/sys/kernel/tracing/instances"

/* --- files --------------------------------------------------------------- */

static char instance[sizeof(INSTANCES) + 32];

__attribute__((format(printf, 1, 2)))
static int open_file(const char *format, ...)
{
	char path[256];
	va_list args;
	int length = snprintf(path, sizeof(path), "%s/", instance);

	va_start(args, format);
	vsnprintf(path + length, sizeof(path) - length, format, args);
	va_end(args);
	return open(path, O_RDWR | O_CLOEXEC);
}

static void put(const char *file, const char *value)
{
	int fd = open_file("%s", file);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		ck_abort_msg("cannot write %s to %s: errno %d", value, file,
			     errno);
	close(fd);
}

/* All of it, with a 0 behind. */
static char *get(int fd)
{
	size_t size = 0, room = 1 << 16;
	char *text = malloc(room);
	ssize_t n;

	for (;;) {
		expect(text);
		n = expect_sys(read(fd, text + size, room - size - 1));
		if (!n)
			break;
		size += n;
		if (size == room - 1)
			text = realloc(text, room *= 2);
	}
	text[size] = '\0';
	close(fd);
	return text;
}

/* --- one line ------------------------------------------------------------ */

/* What is behind " key=", in the line that ends at @end. */
static const char *value_of(const char *line, const char *end, const char *key)
{
	size_t length = strlen(key);
	const char *at;

	for (at = line; at + length + 2 < end; at++)
		if (at[0] == ' ' && !strncmp(at + 1, key, length) &&
		    at[length + 1] == '=')
			return at + length + 2;
	return NULL;
}

static __u32 number_of(const char *line, const char *end, const char *key)
{
	const char *value = value_of(line, end, key);

	return value ? strtoul(value, NULL, 0) : 0;
}

struct word {
	const char *name;
	__u32 value;
};

static const struct word state_words[] = {
	{ "NONE", UMCG_TASK_NONE },	    { "RUNNING", UMCG_TASK_RUNNING },
	{ "RUNNABLE", UMCG_TASK_RUNNABLE }, { "BLOCKED", UMCG_TASK_BLOCKED },
	{ "+queued", TRACE_QUEUED },	    { "+parked", TRACE_PARKED },
	{ "+away", TRACE_AWAY },
};

static const struct word list_words[] = {
	{ "group ", TRACE_ON_GROUP },
	{ "server ", TRACE_ON_SERVER },
	{ "same ", TRACE_ON_SAME },
};

/* The words from @at on, which follow each other; returns where they end. */
static const char *words(const char *at, const struct word *known, size_t count,
			 __u32 *value)
{
	size_t i = 0, length;

	*value = 0;
	while (i < count) {
		length = strlen(known[i].name);
		if (strncmp(at, known[i].name, length)) {
			i++;
			continue;
		}
		*value |= known[i].value;
		at += length;
		i = 0;
	}
	return at;
}

static const char *state_at(const char *at, __u32 *state)
{
	return words(at, state_words,
		     sizeof(state_words) / sizeof(*state_words), state);
}

static enum trace_list list_at(const char *at)
{
	__u32 list;

	words(at, list_words, sizeof(list_words) / sizeof(*list_words), &list);
	return list;
}

/* "... TIME: umcg_NAME: group=1 tid=2 slot=3 OLD -> NEW key=value ..." */
static void parse_line(struct trace_event *e, const char *end)
{
	const char *arrow, *from, *list;

	for (from = e->name - strlen(": umcg_"); from > e->text; from--)
		if (from[-1] == ' ')
			break;
	e->time = strtoull(from, NULL, 10);
	e->group = number_of(e->name, end, "group");
	e->tid = number_of(e->name, end, "tid");
	e->slot = number_of(e->name, end, "slot");
	e->server = number_of(e->name, end, "server");
	e->run = number_of(e->name, end, "run");
	e->handoff = number_of(e->name, end, "handoff");
	e->away = number_of(e->name, end, "away");
	e->flags = number_of(e->name, end, "flags");
	list = value_of(e->name, end, "list");
	if (list)
		e->list = list_at(list);
	arrow = memmem(e->name, end - e->name, " -> ", 4);
	if (!arrow)
		return;
	for (from = arrow; from[-1] != ' '; from--)
		;
	state_at(from, &e->old);
	from = state_at(arrow + 4, &e->new);
	expect(*from == ' ' || from == end);
}

static struct trace_event *add(struct trace *t)
{
	/* the number of them is a power of 2 whenever there is no room */
	if (!(t->count & (t->count - 1))) {
		t->events = realloc(t->events,
				    (t->count * 2 + 1) * sizeof(*t->events));
		expect(t->events);
	}
	memset(&t->events[t->count], 0, sizeof(*t->events));
	return &t->events[t->count++];
}

void trace_parse(struct trace *t, char *text)
{
	static const char mark[] = ": umcg_";
	char *line, *end, *name;
	struct trace_event *e;

	*t = (struct trace){ .text = text };
	for (line = text; *line; line = end + 1) {
		end = strchrnul(line, '\n');
		if (!*end)
			break;
		*end = '\0';
		name = *line == '#' ? NULL : strstr(line, mark);
		if (!name)
			continue;
		e = add(t);
		e->text = line;
		e->name = name + strlen(mark);
		parse_line(e, end);
		if (t->count > 1 && e->time < e[-1].time)
			ck_abort_msg("%s: before %s", line, e[-1].text);
	}
}

void trace_free(struct trace *t)
{
	free(t->events);
	free(t->text);
}

bool trace_is(const struct trace_event *e, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(e->name, name, length) && e->name[length] == ':';
}

/* --- an instance --------------------------------------------------------- */

static void end_instance(void)
{
	if (rmdir(instance))
		note("%s stays: errno %d", instance, errno);
}

bool trace_possible(void)
{
	return !access(INSTANCES, W_OK);
}

void trace_start(unsigned int kb)
{
	char size[32];

	snprintf(instance, sizeof(instance), INSTANCES "/umcg.%d", getpid());
	expect_sys(mkdir(instance, 0700));
	snprintf(size, sizeof(size), "%u", kb);
	put("buffer_size_kb", size);
	put("trace_clock", "counter");
	/* what does not fit is to be missing at the end, and told of */
	put("options/overwrite", "0");
	put("events/umcg/enable", "1");
}

/* Of one processor's buffer. */
static void expect_none_lost(int cpu, char *stats)
{
	static const char *const kinds[] = { "overrun", "commit overrun",
					     "dropped events" };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const char *at = strstr(stats, kinds[i]);

		expect(at);
		if (strtoul(at + strlen(kinds[i]) + 2, NULL, 10))
			ck_abort_msg("events were lost on processor %d:\n%s",
				     cpu, stats);
	}
}

static void expect_none_lost_anywhere(void)
{
	int cpu, fd, found = 0;
	char *stats;

	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
		fd = open_file("per_cpu/cpu%d/stats", cpu);
		if (fd < 0)
			continue;
		stats = get(fd);
		expect_none_lost(cpu, stats);
		free(stats);
		found++;
	}
	expect(found);
}

void trace_stop(struct trace *t)
{
	int fd;

	put("events/umcg/enable", "0");
	put("tracing_on", "0");
	expect_none_lost_anywhere();
	fd = open_file("trace");
	expect_sys(fd);
	trace_parse(t, get(fd));
	end_instance();
}
