// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>
#include <umcg_ioctl.h>

#include "events.h"

#define COMM_WIDTH	16 /* the kernel pads names to that */

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

/* "15.202226" in nanoseconds, "15202226" as it is. */
static unsigned long long time_at(const char *at, bool *is_time)
{
	unsigned long long time, unit = 1000000000;
	char *end;

	time = strtoull(at, &end, 10);
	*is_time = *end == '.';
	if (!*is_time)
		return time;
	time *= unit;
	for (end++; isdigit((unsigned char)*end) && unit > 1; end++) {
		unit /= 10;
		time += unit * (*end - '0');
	}
	return time;
}

/* "OLD -> NEW", if that is in the line. */
static bool parse_change(struct trace_event *e, const char *end)
{
	const char *arrow = memmem(e->name, end - e->name, " -> ", 4), *from;

	if (!arrow)
		return true;
	for (from = arrow; from > e->name && from[-1] != ' '; from--)
		;
	state_at(from, &e->old);
	from = state_at(arrow + 4, &e->new);
	return *from == ' ' || from == end;
}

static bool parse_fields(struct trace_event *e, const char *end)
{
	const char *list;

	e->group = number_of(e->name, end, "group");
	e->tid = number_of(e->name, end, "tid");
	e->slot = number_of(e->name, end, "slot");
	e->server = number_of(e->name, end, "server");
	e->run = number_of(e->name, end, "run");
	e->handoff = number_of(e->name, end, "handoff");
	e->away = number_of(e->name, end, "away");
	e->flags = number_of(e->name, end, "flags");
	e->nr = number_of(e->name, end, "nr");
	e->worker = number_of(e->name, end, "worker");
	e->child = number_of(e->name, end, "child_pid");
	list = value_of(e->name, end, "list");
	if (list)
		e->list = list_at(list);
	return parse_change(e, end);
}

/* Where the name of a thread ends, which may have anything in it. */
static const char *behind_comm(const char *line, const char *end)
{
	if (end - line > COMM_WIDTH && line[COMM_WIDTH] == '-')
		return line + COMM_WIDTH;
	return strchrnul(line, '-');
}

/* "COMM-PID [CPU] FLAGS TIME: umcg_NAME: group=1 tid=2 slot=3 OLD -> NEW key=value" */
static bool parse_line(struct trace *t, struct trace_event *e, const char *end)
{
	const char *at = behind_comm(e->text, end), *from;

	e->pid = *at ? strtoul(at + 1, NULL, 10) : 0;
	at = strchrnul(at, '[');
	e->cpu = *at ? strtoul(at + 1, NULL, 10) : 0;
	for (from = e->name; from > e->text && *from != ':'; from--)
		;
	while (from > e->text && from[-1] != ' ')
		from--;
	e->time = time_at(from, &t->is_time);
	return parse_fields(e, end);
}

static struct trace_event *add(struct trace *t)
{
	struct trace_event *events = t->events;

	/* the number of them is a power of 2 whenever there is no room */
	if (!(t->count & (t->count - 1))) {
		events = realloc(events, (t->count * 2 + 1) * sizeof(*events));
		if (!events)
			return NULL;
		t->events = events;
	}
	memset(&events[t->count], 0, sizeof(*events));
	return &events[t->count++];
}

/* The name of the event in a line, without what all of ours begin with. */
static const char *find_name(const char *line, const char *end)
{
	static const char ours[] = ": umcg_", fork[] = ": sched_process_fork: ";
	const char *at = behind_comm(line, end), *name;

	if (*line == '#')
		return NULL;
	name = strstr(at, ours);
	if (name)
		return name + strlen(ours);
	name = strstr(at, fork);
	return name ? name + strlen(": sched_process_") : NULL;
}

int trace_parse_some(struct trace *t, char *text)
{
	const char *name;
	char *line, *end;
	struct trace_event *e;

	*t = (struct trace){ .text = text };
	for (line = text; *line; line = end + 1) {
		end = strchrnul(line, '\n');
		if (!*end)
			break;
		*end = '\0';
		name = find_name(line, end);
		if (!name)
			continue;
		e = add(t);
		if (!e)
			return -ENOMEM;
		e->text = line;
		e->name = name;
		if (!parse_line(t, e, end)) {
			t->bad = line;
			return -EINVAL;
		}
	}
	return 0;
}

int trace_parse(struct trace *t, char *text)
{
	int error = trace_parse_some(t, text);
	size_t i;

	for (i = 1; !error && i < t->count; i++) {
		if (t->events[i].time < t->events[i - 1].time) {
			t->bad = t->events[i].text;
			error = -EINVAL;
		}
	}
	return error;
}

void trace_free(struct trace *t)
{
	free(t->events);
	free(t->text);
	*t = (struct trace){ 0 };
}

bool trace_is(const struct trace_event *e, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(e->name, name, length) && e->name[length] == ':';
}

void trace_comm(const struct trace_event *e, char comm[16])
{
	const char *from = e->text, *to = behind_comm(from, strchrnul(from, '\0'));

	while (*from == ' ')
		from++;
	comm[0] = '\0';
	if (to > from && to - from < 16) {
		memcpy(comm, from, to - from);
		comm[to - from] = '\0';
	}
}
