// SPDX-License-Identifier: MIT
/*
 * Events into spans. It takes what it gets: a thread may have been there before the
 * first event, and what cannot be is for the replay to find.
 */
#include <stdlib.h>
#include <string.h>

#include "syscalls.h"
#include "timeline.h"
#include "tool.h"

const char *const kind_names[SPAN_KINDS] = {
	[SPAN_NONE] = "-",
	[SPAN_RUNS] = "runs",
	[SPAN_BLOCKED] = "blocked",
	[SPAN_QUEUED] = "queued",
	[SPAN_PARKED] = "parked",
	[SPAN_IDLES] = "idles",
	[SPAN_SCHEDULES] = "schedules",
	[SPAN_WAKES] = "wakes",
};

const char *const why_names[WHYS] = {
	[WHY_NONE] = "-",
	[WHY_BLOCK] = "blocks",
	[WHY_PARK] = "parks",
	[WHY_YIELD] = "yields",
	[WHY_PREEMPT] = "is preempted",
	[WHY_EXIT] = "exits",
	[WHY_WAKE] = "woke",
	[WHY_RUN] = "is run",
	[WHY_END] = "end of the trace",
};

void span_words(const struct span *s, char *words, size_t size)
{
	char room[SYSCALL_NAME_MAX];

	if (s->cause == WHY_BLOCK && s->nr != NR_UNKNOWN)
		snprintf(words, size, "blocks in %s", syscall_name(s->nr, room));
	else
		snprintf(words, size, "%s", why_names[s->cause]);
}

/* Room for one more in an array whose length is a power of two when it is full. */
static void *grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? count * 2 : 1, size);
}

static struct slots *slots_of(struct timeline *t, uint32_t group)
{
	struct slots *g;
	size_t i;

	for (i = t->ngroups; i; i--)
		if (t->groups[i - 1].group == group)
			return &t->groups[i - 1];
	g = grow(t->groups, t->ngroups, sizeof(*g));
	if (!g)
		return NULL;
	t->groups = g;
	g = &t->groups[t->ngroups++];
	*g = (struct slots){ .group = group };
	return g;
}

/* Where the index of who has that slot is kept; there may be nobody yet. */
static uint32_t *slot_of(struct timeline *t, const struct trace_event *e)
{
	struct slots *g = slots_of(t, e->group);
	uint32_t count, *more;

	if (!g || e->slot > UINT16_MAX)
		return NULL;
	if (e->slot < g->count)
		return &g->actor[e->slot];
	for (count = g->count ? g->count : 64; count <= e->slot;)
		count *= 2;
	more = reallocarray(g->actor, count, sizeof(*more));
	if (!more)
		return NULL;
	memset(more + g->count, 0, (count - g->count) * sizeof(*more));
	g->actor = more;
	g->count = count;
	return &more[e->slot];
}

static struct actor *enter(struct timeline *t, const struct trace_event *e)
{
	uint32_t *slot = slot_of(t, e), who = t->nactors;
	struct actor *a = slot ? grow(t->actors, t->nactors, sizeof(*a)) : NULL;

	if (!a) {
		t->failed = true;
		return NULL;
	}
	t->actors = a;
	if (t->no_spans && *slot)
		who = *slot - 1;
	else
		t->nactors++;
	a = &t->actors[who];
	*slot = who + 1;
	*a = (struct actor){ .group = e->group, .slot = e->slot, .tid = e->tid,
			     .list = NOBODY_RAN };
	a->now.who = who;
	a->now.server = NOBODY_RAN;
	return a;
}

uint32_t timeline_server(const struct timeline *t, uint32_t group, uint32_t tid)
{
	size_t i;

	if (!tid)
		return NOBODY_RAN;
	for (i = 0; i < t->nactors; i++)
		if (t->actors[i].is_server && !t->actors[i].is_gone &&
		    t->actors[i].tid == tid && t->actors[i].group == group)
			return i;
	return NOBODY_RAN;
}

static void sum_up(struct timeline *t, const struct span *s)
{
	struct sums *sums = &t->actors[s->who].sums;
	uint64_t time = s->end - s->begin;

	sums->time[s->kind] += time;
	if (s->kind != SPAN_RUNS)
		return;
	sums->runs++;
	sums->stops[s->cause]++;
	if (s->server == NOBODY_RAN)
		return;
	sums = &t->actors[s->server].sums;
	sums->time[SPAN_RUNS] += time;
	sums->runs++;
	sums->stops[s->cause]++;
}

/* What @who did ends. */
static void end(struct timeline *t, uint32_t who, uint64_t now)
{
	struct span *s = &t->actors[who].now, *spans;

	if (s->kind == SPAN_NONE)
		return;
	s->end = now;
	if (s->kind == SPAN_WAKES && s->end == s->begin) {
		s->kind = SPAN_NONE;	/* the turn was handed over */
		return;
	}
	sum_up(t, s);
	if (t->ended)
		t->ended(t, s);
	if (!t->no_spans) {
		spans = grow(t->spans, t->nspans, sizeof(*s));
		if (spans) {
			t->spans = spans;
			spans[t->nspans++] = *s;
		} else {
			t->failed = true;
		}
	}
	s->kind = SPAN_NONE;
}

static void begin(struct timeline *t, uint32_t who, enum span_kind kind, uint64_t now)
{
	end(t, who, now);
	t->actors[who].now = (struct span){ .who = who, .server = NOBODY_RAN,
					    .next = NOBODY_RAN, .kind = kind, .begin = now };
}

static void leave_list(struct timeline *t, struct actor *a)
{
	if (a->list != NOBODY_RAN && t->actors[a->list].queue)
		t->actors[a->list].queue--;
	a->list = NOBODY_RAN;
}

/* Somebody who was there before the first event: since then, it was what it is. */
static struct actor *adopt(struct timeline *t, const struct trace_event *e)
{
	bool server = trace_is(e, "server_wait") || trace_is(e, "server_wake");
	struct actor *a = enter(t, e);
	uint32_t who;

	if (!a)
		return NULL;
	who = a->now.who;
	if (server) {
		a->is_server = true;
		a->is_multi = true;	/* it may be */
	} else if (e->old & TRACE_PARKED) {
		begin(t, who, SPAN_PARKED, t->begin);
	} else if (e->old & TRACE_QUEUED) {
		begin(t, who, SPAN_QUEUED, t->begin);
	} else if ((e->old & TRACE_STATE) == UMCG_TASK_RUNNING && e->server) {
		begin(t, who, SPAN_RUNS, t->begin);
		a->now.server = timeline_server(t, e->group, e->server);
	} else if ((e->old & TRACE_STATE) == UMCG_TASK_BLOCKED) {
		begin(t, who, SPAN_BLOCKED, t->begin);
		a->now.nr = NR_UNKNOWN;
	}
	return a;
}

/* Is the one who is on the processor the one it is about? */
static bool is_own(const struct trace_event *e)
{
	static const char *const own[] = { "register", "hold", "park", "yield",
					   "server_wait", "server_wake" };
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (trace_is(e, own[i]))
			return true;
	return false;
}

static struct actor *actor_of(struct timeline *t, const struct trace_event *e)
{
	uint32_t *slot = slot_of(t, e);
	struct actor *a;

	if (trace_is(e, "register"))
		a = enter(t, e);
	else if (slot && *slot && t->actors[*slot - 1].tid == e->tid)
		a = &t->actors[*slot - 1];
	else
		a = adopt(t, e);
	/* a thread may take another name at any time: the last one is told */
	if (a && is_own(e))
		trace_comm(e, a->comm);
	return a;
}

static void run(struct timeline *t, struct actor *a, const struct trace_event *e)
{
	uint32_t server;

	if (a->now.kind != SPAN_QUEUED)
		a->now.cause = WHY_RUN;
	leave_list(t, a);
	server = timeline_server(t, e->group, e->server);
	a->now.next = server;
	begin(t, a->now.who, SPAN_RUNS, e->time);
	a->now.server = server;
	if (server != NOBODY_RAN && e->handoff)
		end(t, server, e->time);
}

/* The end of a run: and what comes then. */
static void stop(struct timeline *t, struct actor *a, const struct trace_event *e,
		 enum why why, enum span_kind then)
{
	uint32_t nr = why == WHY_BLOCK ? e->nr : 0, server = a->now.server;

	a->now.cpu = e->cpu;
	if (a->now.kind == SPAN_RUNS) {
		a->now.cause = why;
		a->now.nr = nr;
		if (server != NOBODY_RAN && t->actors[server].now.kind == SPAN_NONE)
			begin(t, server, SPAN_WAKES, e->time);
	}
	begin(t, a->now.who, then, e->time);
	a->now.cause = why;
	a->now.nr = nr;
}

/* Its slot is told of, not the thread. */
static bool is_dead(const struct trace_event *e)
{
	return (TRACE_STATE & e->new) == UMCG_TASK_NONE;
}

static void wake(struct timeline *t, struct actor *a, const struct trace_event *e)
{
	enum why why = a->now.kind == SPAN_NONE ? a->now.cause : WHY_WAKE;

	if (e->list == TRACE_ON_SAME || a->is_server || is_dead(e))
		return;
	/* what took it from the last one may have been lost */
	leave_list(t, a);
	begin(t, a->now.who, SPAN_QUEUED, e->time);
	a->now.cause = why == WHY_YIELD || why == WHY_PREEMPT ? why : WHY_WAKE;
	a->list = timeline_server(t, e->group, e->server);
	if (a->list != NOBODY_RAN)
		t->actors[a->list].queue++;
}

/* A server's turn in WAIT: to run somebody, which that one's own span tells, or not. */
static void server_waits(struct timeline *t, struct actor *a, const struct trace_event *e)
{
	begin(t, a->now.who, e->worker ? SPAN_NONE : SPAN_IDLES, e->time);
}

static void leave(struct timeline *t, struct actor *a, const struct trace_event *e)
{
	stop(t, a, e, WHY_EXIT, SPAN_NONE);
	leave_list(t, a);
	a->is_gone = true;
}

static void is_there(struct timeline *t, struct actor *a, const struct trace_event *e)
{
	a->is_server = e->flags & UMCG_REG_SERVER;
	a->is_multi = e->flags & UMCG_REG_MULTI;
	if (a->is_server)
		begin(t, a->now.who, SPAN_SCHEDULES, e->time);
}

static void add(struct timeline *t, const struct trace_event *e)
{
	struct actor *a;

	if (trace_is(e, "fork") || trace_is(e, "error"))
		return;
	a = actor_of(t, e);
	if (!a)
		return;
	if (trace_is(e, "register"))
		is_there(t, a, e);
	else if (trace_is(e, "unregister"))
		leave(t, a, e);
	else if (trace_is(e, "run"))
		run(t, a, e);
	else if (trace_is(e, "block"))
		stop(t, a, e, WHY_BLOCK, SPAN_BLOCKED);
	else if (trace_is(e, "park"))
		stop(t, a, e, WHY_PARK, SPAN_PARKED);
	else if (trace_is(e, "yield"))
		stop(t, a, e, WHY_YIELD, SPAN_NONE);
	else if (trace_is(e, "preempt"))
		stop(t, a, e, WHY_PREEMPT, SPAN_NONE);
	else if (trace_is(e, "wake"))
		wake(t, a, e);
	else if (trace_is(e, "server_wait"))
		server_waits(t, a, e);
	else if (trace_is(e, "server_wake"))
		begin(t, a->now.who, SPAN_SCHEDULES, e->time);
}

void timeline_add(struct timeline *t, const struct trace_event *e)
{
	struct trace_event late;

	if (!t->begin)
		t->begin = e->time;
	if (e->time < t->end) {
		late = *e;
		late.time = t->end;
		add(t, &late);
		return;
	}
	t->end = e->time;
	add(t, e);
}

static int by_beginning(const void *one, const void *two)
{
	const struct span *a = one, *b = two;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

void timeline_end(struct timeline *t)
{
	size_t i;

	for (i = 0; i < t->nactors; i++) {
		if (t->actors[i].now.kind == SPAN_RUNS)
			t->actors[i].now.cause = WHY_END;
		end(t, i, t->end);
	}
	if (t->nspans)
		qsort(t->spans, t->nspans, sizeof(*t->spans), by_beginning);
}

void timeline_free(struct timeline *t)
{
	size_t i;

	for (i = 0; i < t->ngroups; i++)
		free(t->groups[i].actor);
	free(t->groups);
	free(t->actors);
	free(t->spans);
	*t = (struct timeline){ 0 };
}
