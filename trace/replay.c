// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <umcg_ioctl.h>

#include "replay.h"
#include "transitions.h"

#define SLOTS	65536
#define HISTORY	40 /* events of a thread that are shown */
#define RUN_UNKNOWN	UINT32_MAX

/**
 * struct thread - who has a slot
 * @server:	of a worker that runs: under which tid
 * @run:	of a worker: how often it was run, or RUN_UNKNOWN
 * @running:	of a server: how many run under it
 * @lost:	something was wrong with it: its next event is believed
 */
struct thread {
	enum place place;
	__u32 tid;
	__u32 server;
	__u32 run;
	unsigned int running;
	bool multi;
	bool lost;
};

struct replay {
	struct thread threads[SLOTS];
	__u32 slots; /* the highest, and one */
	__u32 server_slots; /* likewise, of those that are or were servers' */
	__u32 group;
	bool midway;
	unsigned long *seen; /* of each transition */
	char error[128];
	size_t last; /* the event that was replayed last */
};

struct replay *replay_new(bool midway)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->midway = midway;
	r->seen = calloc(transitions_count, sizeof(*r->seen));
	if (!r->seen) {
		free(r);
		return NULL;
	}
	return r;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	free(r->seen);
	free(r);
}

__attribute__((format(printf, 2, 3)))
static bool wrong(struct replay *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->error, sizeof(r->error), format, args);
	va_end(args);
	return false;
}

/* The living server of that tid. */
static struct thread *find_server(struct replay *r, __u32 tid)
{
	struct thread *t;

	for (t = r->threads; t < r->threads + r->server_slots; t++)
		if (t->tid == tid &&
		    (t->place == SERVER || t->place == SERVER_WAITS))
			return t;
	return NULL;
}

static bool run(struct replay *r, struct thread *worker,
		const struct trace_event *e)
{
	struct thread *server = find_server(r, e->server);

	if (worker->run != RUN_UNKNOWN && e->run != worker->run + 1)
		return wrong(r, "run %u follows run %u", e->run, worker->run);
	worker->run = e->run;
	worker->server = e->server;
	if (!server)
		return r->midway || wrong(r, "run under no server");
	if (server->running && !server->multi)
		return wrong(r, "run beside another one");
	if (!e->handoff && server->place == SERVER_WAITS)
		return wrong(r, "run by a server that is asleep");
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
	if (server && server->running)
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
	if (e->list == TRACE_ON_SERVER && !find_server(r, e->server) && !r->midway)
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

/* What it may have been, by the first event of it. */
static enum place place_before(const struct trace_event *e, enum happening happening)
{
	const struct transition *t;
	unsigned int i;

	for (i = 0; i < transitions_count; i++) {
		t = &transitions[i];
		if (t->happening == happening &&
		    (!shows_state(happening) || place_flags[t->from] == e->old))
			return t->from;
	}
	return NOBODY;
}

static bool is_unknown(const struct replay *r, const struct thread *t)
{
	return t->lost || (r->midway && t->place == NOBODY);
}

/* A server's modes are not known then: nothing is held against it. */
static void adopt(struct thread *t, const struct trace_event *e,
		  enum happening happening)
{
	memset(t, 0, sizeof(*t));
	t->place = place_before(e, happening);
	t->tid = e->tid;
	t->run = e->run ? e->run - 1 : RUN_UNKNOWN;
	t->multi = true;
	if (t->place == RUNNING)
		t->server = e->server;
}

/* Room for it, and what it was. */
static struct thread *thread_of(struct replay *r, const struct trace_event *e,
				enum happening happening)
{
	struct thread *t = &r->threads[e->slot];
	bool server = happening == REGISTER_SERVER || !shows_state(happening);

	if (r->slots <= e->slot)
		r->slots = e->slot + 1;
	if (server && r->server_slots <= e->slot)
		r->server_slots = e->slot + 1;
	if (!is_new(happening) && is_unknown(r, t))
		adopt(t, e, happening);
	return t;
}

static bool step(struct replay *r, const struct trace_event *e)
{
	enum happening happening = happening_of(e);
	struct thread *t;
	enum place from;
	int found;

	if (happening == HAPPENINGS)
		return true;
	if (happening == UNKNOWN)
		return wrong(r, "unknown event");
	if (e->slot >= SLOTS)
		return wrong(r, "no such slot");
	t = thread_of(r, e, happening);
	from = t->place;
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

const char *replay_event(struct replay *r, const struct trace_event *e)
{
	if (step(r, e))
		return NULL;
	if (e->slot < SLOTS)
		r->threads[e->slot].lost = true;
	return r->error;
}

/* Those that are about @slot, or where it is one's server. */
static bool concerns(const struct trace_event *e, const struct trace_event *last)
{
	return e->slot == last->slot ||
	       (last->server && trace_is(last, "run") &&
		e->server == last->server);
}

void replay_history(const struct replay *r, const struct trace *t, replay_say say)
{
	const struct trace_event *last = &t->events[r->last];
	size_t first = r->last, count = 1;

	while (first && count < HISTORY)
		count += concerns(&t->events[--first], last);
	for (; first <= r->last; first++)
		if (concerns(&t->events[first], last))
			say("%s", t->events[first].text);
}

const char *replay_run(struct replay *r, const struct trace *t)
{
	const char *error;
	size_t i;

	for (i = 0; i < t->count; i++) {
		if (!r->group)
			r->group = t->events[i].group;
		r->last = i;
		if (t->events[i].group != r->group)
			return "another group";
		error = replay_event(r, &t->events[i]);
		if (error)
			return error;
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

void replay_note(const struct replay *r, replay_say say)
{
	const struct transition *t;
	unsigned int i;

	for (i = 0; i < transitions_count; i++) {
		t = &transitions[i];
		if (r->seen[i])
			say("%8lu  %s: %s -> %s", r->seen[i],
			    place_names[t->from], happening_names[t->happening],
			    place_names[t->to]);
	}
}

void replay_note_unseen(const struct replay *r, replay_say say)
{
	const struct transition *t;
	unsigned int i;

	for (i = 0; i < transitions_count; i++) {
		t = &transitions[i];
		if (!r->seen[i])
			say("   never  %s: %s -> %s", place_names[t->from],
			    happening_names[t->happening], place_names[t->to]);
	}
}
