// SPDX-License-Identifier: MIT
/*
 * timeline.c - what the servers saw, and one request told in their words
 *
 * Each server writes what it does into a ring of its own, without a lock. The
 * threads that answer requests remember those that make the best story: stopped
 * for different reasons, yet short enough to read. At the end the best one whose
 * events are all still in the rings is told.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "httpd.h"

#define RING_SIZE	65536	/* events a server remembers */
#define SLOTS		65536
#define LINES_MAX	30	/* of a story */

struct event {
	uint64_t ts;
	uint32_t worker;
	int16_t call;
	uint8_t kind;
	uint8_t server;
};

static struct {
	_Alignas(64) uint64_t added;
	struct event event[RING_SIZE];
} rings[SERVERS_MAX];

/* Of the request each worker is at: by its server while the worker is stopped. */
static struct {
	uint32_t reasons; /* a bit for each */
	uint32_t events;
} seen[SLOTS];

/* The newest request of each rank. */
static struct story {
	uint64_t begin, end;
	uint32_t worker;
	off_t bytes;
	char path[PATH_SIZE];
} stories[16];
static pthread_mutex_t stories_lock = PTHREAD_MUTEX_INITIALIZER;

/* Calls that meet in one bit only make the story seem a little duller. */
static uint32_t reason_bit(int call)
{
	if (call == CALL_UNKNOWN)
		return 0;
	return call == CALL_FAULT ? 1 : 2U << call % 31;
}

void timeline_add(int server, uint64_t ts, enum event_kind kind, uint32_t slot,
		  uint32_t worker, int call)
{
	struct event *e = &rings[server].event[rings[server].added % RING_SIZE];

	*e = (struct event){ ts, worker, call, kind, server };
	rings[server].added++;
	if (slot >= SLOTS)
		return;
	__atomic_fetch_add(&seen[slot].events, 1, __ATOMIC_RELAXED);
	if (kind == EV_BLOCK)
		__atomic_fetch_or(&seen[slot].reasons, reason_bit(call),
				  __ATOMIC_RELAXED);
}

void timeline_request_begin(struct conn *c)
{
	c->begin = now_ns();
	__atomic_store_n(&seen[c->slot].events, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&seen[c->slot].reasons, 0, __ATOMIC_RELAXED);
}

void timeline_request_end(struct conn *c, const char *path, off_t bytes)
{
	uint32_t reasons = __atomic_load_n(&seen[c->slot].reasons, __ATOMIC_RELAXED);
	uint32_t events = __atomic_load_n(&seen[c->slot].events, __ATOMIC_RELAXED);
	size_t rank = __builtin_popcount(reasons) * 2 + (reasons & 1);
	struct story *s;

	if (!c->slot || __builtin_popcount(reasons) < 2 || events > LINES_MAX)
		return;
	s = &stories[rank < ARRAY_SIZE(stories) ? rank : ARRAY_SIZE(stories) - 1];
	pthread_mutex_lock(&stories_lock);
	s->begin = c->begin;
	s->end = now_ns();
	s->worker = c->number;
	s->bytes = bytes;
	strcpy(s->path, path);
	pthread_mutex_unlock(&stories_lock);
}

/* Event @i of a ring, counted from its beginning. */
static const struct event *event_at(int server, uint64_t i)
{
	return &rings[server].event[i % RING_SIZE];
}

static uint64_t first_of(int server)
{
	uint64_t added = rings[server].added;

	return added > RING_SIZE ? added - RING_SIZE : 0;
}

/* Is all of it still there? */
static bool remembered(const struct story *s)
{
	for (int i = 0; i < SERVERS_MAX; i++)
		if (first_of(i) && event_at(i, first_of(i))->ts > s->begin)
			return false;
	return s->end;
}

struct line {
	struct event event;
	struct event after; /* what that server did next */
};

static int by_time(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return (x->event.ts > y->event.ts) - (x->event.ts < y->event.ts);
}

static struct event what_next(int server, uint64_t i)
{
	while (++i < rings[server].added) {
		const struct event *e = event_at(server, i);

		if (e->kind == EV_RUN || e->kind == EV_IDLE)
			return *e;
	}
	return (struct event){ .kind = EV_STOP };
}

static size_t collect(const struct story *s, struct line *line, size_t max)
{
	size_t n = 0;

	for (int server = 0; server < SERVERS_MAX; server++) {
		for (uint64_t i = first_of(server); i < rings[server].added; i++) {
			const struct event *e = event_at(server, i);

			if (e->kind == EV_IDLE || e->worker != s->worker ||
			    e->ts < s->begin || e->ts > s->end || n == max)
				continue;
			line[n].event = *e;
			line[n++].after = what_next(server, i);
		}
	}
	qsort(line, n, sizeof(*line), by_time);
	return n;
}

static void tell_next(const struct event *after)
{
	if (after->kind == EV_IDLE)
		puts(", server idles");
	else if (after->kind != EV_RUN)
		putchar('\n');
	else if (after->worker)
		printf(", server runs #%u\n", after->worker);
	else
		puts(", server runs the acceptor");
}

static void tell(const struct line *l, uint64_t begin)
{
	const struct event *e = &l->event;

	printf("  %8.3f  server %d  ", (e->ts - begin) / 1e6, e->server + 1);
	switch (e->kind) {
	case EV_TAKE:
		puts("is told that it can go on");
		break;
	case EV_RUN:
		puts("runs it");
		break;
	case EV_BLOCK:
		printf("it blocks in %s", stats_call_name(e->call));
		tell_next(&l->after);
		break;
	default:
		printf("it stops");
		tell_next(&l->after);
	}
}

void timeline_report(void)
{
	static struct line line[LINES_MAX * 2];
	const struct story *s = NULL;
	size_t n;

	for (size_t rank = 0; rank < ARRAY_SIZE(stories); rank++)
		if (remembered(&stories[rank]))
			s = &stories[rank];
	if (!s)
		return;
	n = collect(s, line, ARRAY_SIZE(line));
	printf("\none request: GET /%s, %lld bytes, on connection #%u\n\n"
	       "        ms\n     0.000            it waits for the request\n",
	       s->path, (long long)s->bytes, s->worker);
	for (size_t i = 0; i < n; i++)
		tell(&line[i], s->begin);
	printf("  %8.3f            it has sent the reply\n", (s->end - s->begin) / 1e6);
}
