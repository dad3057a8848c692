// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <umcg.h>

#include "replay.h"
#include "suite.h"
#include "transitions.h"

#define SLOTS	65536
#define HISTORY	40 /* events of a thread that are shown */

/**
 * struct thread - who has a slot
 * @server:	of a worker that runs: under which tid
 * @run:	of a worker: how often it was run
 * @running:	of a server: how many run under it
 */
struct thread {
	enum place place;
	__u32 tid;
	__u32 server;
	__u32 run;
	unsigned int running;
	bool multi;
};

struct replay {
	struct thread threads[SLOTS];
	__u32 slots; /* the highest, and one */
	__u32 group;
	unsigned long *seen; /* of each transition */
	char *error;
	size_t last; /* the event that was replayed last */
};

struct replay *replay_new(void)
{
	struct replay *r = calloc(1, sizeof(*r));

	expect(r);
	r->seen = calloc(transitions_count, sizeof(*r->seen));
	expect(r->seen);
	return r;
}

void replay_free(struct replay *r)
{
	free(r->seen);
	free(r->error);
	free(r);
}

__attribute__((format(printf, 2, 3)))
static bool wrong(struct replay *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	expect(vasprintf(&r->error, format, args) > 0);
	va_end(args);
	return false;
}

/* The living server of that tid. */
static struct thread *find_server(struct replay *r, __u32 tid)
{
	struct thread *t;

	for (t = r->threads; t < r->threads + r->slots; t++)
		if (t->tid == tid &&
		    (t->place == SERVER || t->place == SERVER_WAITS))
			return t;
	return NULL;
}

static bool run(struct replay *r, struct thread *worker,
		const struct trace_event *e)
{
	struct thread *server = find_server(r, e->server);

	if (!server)
		return wrong(r, "run under no server");
	if (server->running && !server->multi)
		return wrong(r, "run beside another one");
	if (!e->handoff && server->place == SERVER_WAITS)
		return wrong(r, "run by a server that is asleep");
	if (e->run != worker->run + 1)
		return wrong(r, "run %u follows run %u", e->run, worker->run);
	worker->run = e->run;
	worker->server = e->server;
	server->running++;
	return true;
}

/* The server may be dead by now. */
static bool stop(struct replay *r, struct thread *worker,
		 const struct trace_event *e)
{
	struct thread *server = find_server(r, e->server);

	if (worker->server != e->server)
		return wrong(r, "it runs under %u", worker->server);
	worker->server = 0;
	if (server)
		server->running--;
	return true;
}

static void enter(struct thread *t, const struct trace_event *e)
{
	memset(t, 0, sizeof(*t));
	t->tid = e->tid;
	t->multi = e->flags & UMCG_REG_MULTI;
}

static bool push(struct replay *r, const struct trace_event *e)
{
	if (e->list == TRACE_ON_SERVER && !find_server(r, e->server))
		return wrong(r, "queued on no server's list");
	return true;
}

/* What else there is to it than the table says. */
static bool follow(struct replay *r, struct thread *t,
		   enum happening happening, const struct trace_event *e)
{
	switch (happening) {
	case REGISTER:
	case REGISTER_SERVER:
		enter(t, e);
		return true;
	case RUN:
		return run(r, t, e);
	case BLOCK:
	case PREEMPT:
	case PARK:
	case YIELD:
		return stop(r, t, e);
	case UNREGISTER:
		return !t->server || stop(r, t, e);
	case PUSH:
		return push(r, e);
	default:
		return true;
	}
}

/* Those of servers that wait or wake have no state in them: it does not change. */
static bool shows_state(enum happening happening)
{
	return happening != SERVER_WAIT && happening != SERVER_WAKE;
}

static bool is_new(enum happening happening)
{
	return happening == REGISTER || happening == REGISTER_SERVER;
}

static bool step(struct replay *r, const struct trace_event *e)
{
	enum happening happening = happening_of(e);
	struct thread *t = &r->threads[e->slot];
	enum place from = t->place;
	int found;

	if (happening == HAPPENINGS)
		return true;
	if (r->slots <= e->slot)
		r->slots = e->slot + 1;
	found = transition_find(from, happening);
	if (found < 0)
		return wrong(r, "%s: %s", place_names[from],
			     happening_names[happening]);
	if (!is_new(happening) && t->tid != e->tid)
		return wrong(r, "it is %u", t->tid);
	if (!is_new(happening) && shows_state(happening) &&
	    e->old != place_flags[from])
		return wrong(r, "%s: it was %#x, not %#x", place_names[from],
			     e->old, place_flags[from]);
	if (!follow(r, t, happening, e))
		return false;
	t->place = transitions[found].to;
	if (shows_state(happening) && e->new != place_flags[t->place])
		return wrong(r, "%s: it is %#x, not %#x", place_names[t->place],
			     e->new, place_flags[t->place]);
	r->seen[found]++;
	return true;
}

/* Those that are about @slot, or where it is one's server. */
static bool concerns(const struct trace_event *e, const struct trace_event *last)
{
	return e->slot == last->slot ||
	       (last->server && trace_is(last, "run") &&
		e->server == last->server);
}

void replay_history(const struct replay *r, const struct trace *t)
{
	const struct trace_event *last = &t->events[r->last];
	size_t first = r->last, count = 1;

	while (first && count < HISTORY)
		count += concerns(&t->events[--first], last);
	for (; first <= r->last; first++)
		if (concerns(&t->events[first], last))
			note("%s", t->events[first].text);
}

const char *replay_run(struct replay *r, const struct trace *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		if (!r->group)
			r->group = t->events[i].group;
		expect_eq(t->events[i].group, r->group);
		expect(t->events[i].slot < SLOTS);
		r->last = i;
		if (!step(r, &t->events[i]))
			return r->error;
	}
	return NULL;
}

unsigned int replay_alive(const struct replay *r)
{
	unsigned int alive = 0;
	__u32 i;

	for (i = 0; i < r->slots; i++) {
		switch (r->threads[i].place) {
		case NOBODY:
		case DEAD:
		case DEAD_QUEUED:
		case DEAD_SERVER:
		case DEAD_SERVER_QUEUED:
			break;
		default:
			alive++;
		}
	}
	return alive;
}

void replay_note(const struct replay *r)
{
	const struct transition *t;
	unsigned int i;

	for (i = 0; i < transitions_count; i++) {
		t = &transitions[i];
		if (r->seen[i])
			note("%8lu  %s: %s -> %s", r->seen[i],
			     place_names[t->from], happening_names[t->happening],
			     place_names[t->to]);
	}
}

void replay_note_unseen(const struct replay *r)
{
	const struct transition *t;
	unsigned int i;

	for (i = 0; i < transitions_count; i++) {
		t = &transitions[i];
		if (!r->seen[i])
			note("   never  %s: %s -> %s", place_names[t->from],
			     happening_names[t->happening], place_names[t->to]);
	}
}
