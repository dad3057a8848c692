// SPDX-License-Identifier: MIT
/*
 * The "Trace Event Format" that chrome://tracing and ui.perfetto.dev read. A group is a
 * process there, and each thread of it a track. A server with MULTI can run several at
 * a time, which one track cannot show: it has as many as it needs.
 */
#include <stdlib.h>

#include "syscalls.h"
#include "trace.h"

#define TRACKS_MAX	64	/* of a server; what is above that shares the last */

/* Of a server: up to when there is something on each. */
struct tracks {
	uint64_t end[TRACKS_MAX];
};

/* Tracks are numbered, as tids are not unique in a trace. */
static unsigned int number_of(const struct timeline *t, uint32_t who, unsigned int track)
{
	return track * (unsigned int)t->nactors + who + 1;
}

static void event_begin(struct json *j, const char *phase, const char *name,
			uint32_t group, unsigned int track)
{
	json_open(j, NULL, '{');
	json_text(j, "ph", phase);
	json_text(j, "name", name);
	json_number(j, "pid", group);
	json_number(j, "tid", track);
}

static void name_track(struct json *j, const struct timeline *t, uint32_t who,
		       unsigned int track)
{
	const struct actor *a = &t->actors[who];
	unsigned int number = number_of(t, who, track);
	char words[64];

	actor_words(a, words, sizeof(words));
	event_begin(j, "M", "thread_name", a->group, number);
	json_open(j, "args", '{');
	json_text(j, "name", words);
	json_close(j, '}');
	json_close(j, '}');
	event_begin(j, "M", "thread_sort_index", a->group, number);
	json_open(j, "args", '{');
	json_number(j, "sort_index", a->is_server ? who : who + t->nactors);
	json_close(j, '}');
	json_close(j, '}');
}

static void name_group(struct json *j, uint32_t group)
{
	char words[32];

	snprintf(words, sizeof(words), "group %u", group);
	event_begin(j, "M", "process_name", group, 0);
	json_open(j, "args", '{');
	json_text(j, "name", words);
	json_close(j, '}');
	json_close(j, '}');
}

/* On the track of @who: what it does there is @name. */
static void put_span(struct json *j, const struct timeline *t, const struct span *s,
		     uint32_t who, unsigned int track, const char *name)
{
	char words[64];

	event_begin(j, "X", name, t->actors[who].group, number_of(t, who, track));
	json_text(j, "cat", kind_names[s->kind]);
	json_number(j, "ts", (long long)(s->begin / 1000));
	json_number(j, "dur", (long long)(s->end / 1000 - s->begin / 1000));
	json_open(j, "args", '{');
	if (s->kind == SPAN_RUNS) {
		span_words(s, words, sizeof(words));
		json_text(j, "then", words);
		json_number(j, "cpu", s->cpu);
	} else if (s->kind == SPAN_QUEUED) {
		json_text(j, "why", why_names[s->cause]);
	}
	json_close(j, '}');
	json_close(j, '}');
}

static void put_worker(struct json *j, const struct timeline *t, const struct span *s)
{
	char words[64], room[SYSCALL_NAME_MAX];

	if (s->kind == SPAN_RUNS && s->server != NOBODY_RAN)
		snprintf(words, sizeof(words), "on server %u", t->actors[s->server].tid);
	else if (s->kind == SPAN_BLOCKED && s->nr != NR_UNKNOWN)
		snprintf(words, sizeof(words), "blocked: %s", syscall_name(s->nr, room));
	else
		snprintf(words, sizeof(words), "%s", kind_names[s->kind]);
	put_span(j, t, s, s->who, 0, words);
}

/* The first track of that server on which there is nothing at that time. */
static unsigned int track_of(const struct tracks *tracks, const struct span *s)
{
	unsigned int track = 0;

	while (track < TRACKS_MAX - 1 && tracks->end[track] > s->begin)
		track++;
	return track;
}

static void put_server(struct json *j, const struct timeline *t, const struct span *s,
		       struct tracks *tracks)
{
	uint32_t server = s->kind == SPAN_RUNS ? s->server : s->who;
	unsigned int track = track_of(&tracks[server], s);
	char words[64];

	if (track && !tracks[server].end[track])
		name_track(j, t, server, track);
	tracks[server].end[track] = s->end;
	if (s->kind == SPAN_RUNS)
		actor_words(&t->actors[s->who], words, sizeof(words));
	else
		snprintf(words, sizeof(words), "%s", kind_names[s->kind]);
	put_span(j, t, s, server, track, words);
}

bool write_trace_json(FILE *out, const struct timeline *t)
{
	struct tracks *tracks = calloc(t->nactors + 1, sizeof(*tracks));
	struct json j = { .out = out };
	size_t i;

	if (!tracks)
		return false;
	json_open(&j, NULL, '{');
	json_text(&j, "displayTimeUnit", "ms");
	json_open(&j, "traceEvents", '[');
	for (i = 0; i < t->ngroups; i++)
		name_group(&j, t->groups[i].group);
	for (i = 0; i < t->nactors; i++)
		name_track(&j, t, i, 0);
	for (i = 0; i < t->nspans; i++) {
		const struct span *s = &t->spans[i];

		if (!t->actors[s->who].is_server)
			put_worker(&j, t, s);
		if (t->actors[s->who].is_server || s->server != NOBODY_RAN)
			put_server(&j, t, s, tracks);
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_finish(&j);
	free(tracks);
	return true;
}
