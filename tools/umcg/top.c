// SPDX-License-Identifier: MIT
/*
 * umcg top: what servers do, live. The events are read as they come and only summed up;
 * the module counts nothing itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "groups.h"
#include "record.h"
#include "timeline.h"

#define BUFFER_KB	4096
#define READ_MS		100	/* so that the buffer does not fill up */
#define CHUNK		1048576

static const struct option options[] = {
	{ "batch", required_argument, NULL, 'b' },
	{ "delay", required_argument, NULL, 'd' },
	{ "pid", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static const char *const events[] = {
	"events/umcg/umcg_register/enable", "events/umcg/umcg_unregister/enable",
	"events/umcg/umcg_run/enable", "events/umcg/umcg_block/enable",
	"events/umcg/umcg_wake/enable", "events/umcg/umcg_preempt/enable",
	"events/umcg/umcg_park/enable", "events/umcg/umcg_yield/enable",
	"events/umcg/umcg_server_wait/enable", "events/umcg/umcg_server_wake/enable", NULL
};

/**
 * struct wish - the command line
 * @frames: 0: until a signal comes
 * @ms: of each
 * @pid: 0: all
 */
struct wish {
	unsigned int frames;
	int ms;
	pid_t pid;
};

/* What a server had done at the last frame, and what workers waited for it since. */
struct past {
	uint64_t runs, blocks, busy, slowest, waited, waits;
};

static struct {
	struct timeline timeline;
	struct past *past;	/* by actor */
	size_t npast;
	uint64_t time;		/* of the last frame */
	uint64_t last;		/* of the last event */
	bool behind;		/* there was more than could be read in time */
	long lost;
	uint64_t events, events_before;
	char *text;		/* what was read last, up to a line that is not whole */
	size_t length;
} top;

static int help(void)
{
	fputs("usage: umcg top [OPTION]...\n\n"
	      "  -b, --batch N       N frames, one after the other, instead of a screen\n"
	      "  -d, --delay SECONDS of each frame (1)\n"
	      "  -p, --pid PID       servers of that process only\n\n"
	      "Needs root. Ends with SIGINT. The exit status is 0, 1 if it failed, 2 for wrong\n"
	      "usage.\n", stdout);
	return EXIT_SUCCESS;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* --- events ----------------------------------------------------------------------- */

static bool make_room(void)
{
	struct past *past;

	if (top.npast >= top.timeline.nactors)
		return true;
	past = reallocarray(top.past, top.timeline.nactors * 2, sizeof(*past));
	if (!past)
		return false;
	memset(past + top.npast, 0,
	       (top.timeline.nactors * 2 - top.npast) * sizeof(*past));
	top.past = past;
	top.npast = top.timeline.nactors * 2;
	return true;
}

/* A worker has waited for its turn. */
static void on_end(struct timeline *t, const struct span *s)
{
	uint64_t time = s->end - s->begin;
	struct past *p;

	(void)t;
	if (s->kind != SPAN_QUEUED || s->next == NOBODY_RAN || !make_room())
		return;
	p = &top.past[s->next];
	p->waited += time;
	p->waits++;
	if (time > p->slowest)
		p->slowest = time;
}

/* @length bytes of whole lines. */
static bool take(const char *text, size_t length)
{
	struct trace t;
	char *copy = strndup(text, length);
	size_t i;
	int error;

	if (!copy)
		return false;
	error = trace_parse_some(&t, copy);
	for (i = 0; !error && i < t.count; i++)
		timeline_add(&top.timeline, &t.events[i]);
	if (t.bad)
		fprintf(stderr, "umcg: cannot be read: %s\n", t.bad);
	top.events += t.count;
	if (t.count)
		top.last = t.events[t.count - 1].time;
	trace_free(&t);
	return !error && !top.timeline.failed && make_room();
}

/* All that is there, up to a time: there may be more as fast as it can be read. */
static bool read_events(int fd, uint64_t until)
{
	ssize_t n;
	char *end;

	top.behind = false;
	while ((n = read(fd, top.text + top.length, CHUNK - top.length)) > 0) {
		top.length += (size_t)n;
		end = memrchr(top.text, '\n', top.length);
		if (!end)
			continue;
		if (!take(top.text, (size_t)(end + 1 - top.text)))
			return false;
		top.length -= (size_t)(end + 1 - top.text);
		memmove(top.text, end + 1, top.length);
		if (record_is_over() || now() >= until) {
			top.behind = true;
			return true;
		}
	}
	return n == 0 || errno == EAGAIN || errno == EINTR;
}

/* --- a frame ------------------------------------------------------------------------ */

/* How long workers have run under it, up to @time. */
static uint64_t busy(uint32_t server, uint64_t time)
{
	const struct timeline *t = &top.timeline;
	uint64_t sum = t->actors[server].sums.time[SPAN_RUNS];
	size_t i;

	for (i = 0; i < t->nactors; i++) {
		const struct span *s = &t->actors[i].now;

		if (s->kind == SPAN_RUNS && s->server == server && s->begin < time)
			sum += time - s->begin;
	}
	return sum;
}

static void show_server(uint32_t who, uint64_t time, double seconds)
{
	const struct actor *a = &top.timeline.actors[who];
	struct past *p = &top.past[who];
	uint64_t ran = busy(who, time);

	/* another one, in the slot of one that has left */
	if (a->sums.runs < p->runs)
		*p = (struct past){ 0 };
	if (seconds > 0)
		printf("%5u %8u %-15s %10.0f %10.0f %7.1f %% %7u %10.1f %10.1f\n", a->group,
		       a->tid, a->comm, (double)(a->sums.runs - p->runs) / seconds,
		       (double)(a->sums.stops[WHY_BLOCK] - p->blocks) / seconds,
		       ran > p->busy ? (double)(ran - p->busy) / seconds / 1e7 : 0.0, a->queue,
		       p->waits ? (double)p->waited / (double)p->waits / 1e3 : 0.0,
		       (double)p->slowest / 1e3);
	*p = (struct past){ .runs = a->sums.runs, .blocks = a->sums.stops[WHY_BLOCK],
			    .busy = ran };
}

static bool is_of(const struct ps_scan *scan, uint32_t group)
{
	size_t i;

	for (i = 0; i < scan->ngroups; i++)
		if (scan->groups[i].id == group)
			return true;
	return false;
}

static void show_head(const struct recording *r, double seconds)
{
	long lost = instance_lost(&r->instance);

	printf("umcg top: %.0f events/s", (double)(top.events - top.events_before) / seconds);
	if (lost > top.lost)
		printf(", %ld were lost: too many to be read", lost - top.lost);
	printf("\n%5s %8s %-15s %10s %10s %9s %7s %10s %10s\n", "GROUP", "SERVER", "NAME",
	       "SWITCH/S", "BLOCK/S", "BUSY", "QUEUE", "WAIT us", "MAX us");
	top.lost = lost;
	top.events_before = top.events;
}

/* Return: false if that process is gone. The first one has nothing to compare with. */
static bool show_frame(const struct recording *r, const struct wish *w, uint64_t time)
{
	double seconds = top.time ? (double)(time - top.time) / 1e9 : 0;
	struct ps_scan scan = { 0 };
	size_t i;

	if (w->pid && groups_scan(&scan, w->pid)) {
		fprintf(stderr, "umcg: there is no process %d, or no more\n", w->pid);
		return false;
	}
	if (seconds > 0 && !w->frames)
		fputs("\033[H\033[J", stdout);
	if (seconds > 0)
		show_head(r, seconds);
	for (i = 0; i < top.timeline.nactors; i++)
		if (top.timeline.actors[i].is_server && !top.timeline.actors[i].is_gone &&
		    (!w->pid || is_of(&scan, top.timeline.actors[i].group)))
			show_server(i, time, seconds);
	if (seconds > 0 && w->frames)
		putchar('\n');
	fflush(stdout);
	groups_free(&scan);
	top.time = time;
	return !ferror(stdout);
}

/*
 * Up to when all is known, which was read from @begin on: a frame is about that time,
 * not about when it is shown. Who cannot read as fast as things happen shows later frames.
 */
static uint64_t known_until(uint64_t begin)
{
	return top.behind || top.last > begin ? top.last : begin;
}

/* Return: false if something failed. */
static bool watch(const struct recording *r, const struct wish *w, int fd)
{
	uint64_t next = now(), begin, time;
	unsigned int shown = 0;

	while (!record_is_over()) {
		begin = now();
		if (!read_events(fd, begin + (uint64_t)READ_MS * 1000000))
			return false;
		time = known_until(begin);
		if (time >= next) {
			if (!show_frame(r, w, time))
				return false;
			if (shown++ == w->frames && w->frames)
				return true;
			next = time + (uint64_t)w->ms * 1000000;
		}
		time = now();
		time = next > time ? (next - time) / 1000000 + 1 : 1;
		record_wait(0, time < READ_MS ? (int)time : READ_MS);
	}
	return true;
}

static bool show_top(const struct wish *w)
{
	struct recording r;
	bool well = false;
	int fd;

	top.timeline.no_spans = true;
	top.timeline.ended = on_end;
	top.text = malloc(CHUNK);
	if (!top.text || !record_begin(&r, BUFFER_KB, events))
		return false;
	fd = instance_open(&r.instance, "trace_pipe");
	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK))
		fprintf(stderr, "umcg: the events cannot be read: %s\n", strerror(errno));
	else
		well = watch(&r, w, fd);
	if (fd >= 0)
		close(fd);
	record_end(&r);
	return well;
}

static bool number(const char *text, double least, double most, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && !*end && *value >= least && *value <= most;
}

int command_top(int argc, char **argv, bool json)
{
	struct wish w = { .ms = 1000 };
	double value;
	int c;

	(void)json;
	while ((c = getopt_long(argc, argv, "+b:d:p:h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return help();
		case 'b':
			if (!number(optarg, 1, 1e9, &value))
				return usage("not a number of frames: ", optarg);
			w.frames = (unsigned int)value;
			break;
		case 'd':
			if (!number(optarg, 0.01, 3600, &value))
				return usage("not a time of 0.01 to 3600 seconds: ", optarg);
			w.ms = (int)(value * 1000);
			break;
		case 'p':
			if (!number(optarg, 1, 1 << 22, &value))
				return usage("not a process: ", optarg);
			w.pid = (pid_t)value;
			break;
		default:
			return usage(NULL, NULL);
		}
	}
	if (optind < argc)
		return usage("too much: ", argv[optind]);
	return show_top(&w) ? EXIT_SUCCESS : EXIT_FAILURE;
}
