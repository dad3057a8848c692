/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracefs.h - the module's events, as the kernel has written them down
 *
 * In an instance of its own, which nobody else writes to, and by the clock that
 * is a counter: so events under one lock, or one after the other, are in that
 * order, on whatever processors they were. Two have the same time only if one has
 * interrupted the other as that was written: on one processor, whose order is
 * known.
 */
#ifndef TRACEFS_H
#define TRACEFS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* What the kernel has of a thread, in trace_event::old and ::new. */
#define TRACE_STATE	0xff /* UMCG_TASK_* */
#define TRACE_QUEUED	0x100
#define TRACE_PARKED	0x200
#define TRACE_AWAY	0x400

enum trace_list { TRACE_ON_GROUP, TRACE_ON_SERVER, TRACE_ON_SAME };

/**
 * struct trace_event - one line of the trace
 * @text:	the line
 * @name:	of the event, without umcg_; ends where the text goes on
 * @time:	what the counter said
 *
 * The others are its fields. Those that it does not have are 0.
 */
struct trace_event {
	const char *text, *name;
	unsigned long long time;
	__u32 group, tid, slot, old, new;
	__u32 server, run, handoff, away, flags;
	enum trace_list list;
};

struct trace {
	char *text;
	struct trace_event *events;
	size_t count;
};

/* Has this kernel tracefs, where it is expected? */
bool trace_possible(void);

/* Begin, with so many kB for each processor. */
void trace_start(unsigned int kb);

/* Stop, and read what was written. An event that was lost fails the test. */
void trace_stop(struct trace *t);

/* The events in such a text, of which @t becomes the owner. */
void trace_parse(struct trace *t, char *text);
void trace_free(struct trace *t);

/* Is that its name? */
bool trace_is(const struct trace_event *e, const char *name);

#endif /* TRACEFS_H */
