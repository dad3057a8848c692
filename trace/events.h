/* SPDX-License-Identifier: MIT */
/*
 * events.h - the module's events, read from the text of the kernel
 *
 * For the umcg command and for the tests: what is in trace/ is linked into both.
 * Nothing here prints, or ends the process.
 */
#ifndef EVENTS_H
#define EVENTS_H

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
 * @time:	in nanoseconds, or what a clock that counts has said
 * @pid:	who was on that processor, as the kernel numbers threads
 * @cpu:	that processor
 * @child:	of sched_process_fork, which is "fork" here: the new thread
 *
 * The others are its fields. Those that it does not have are 0.
 */
struct trace_event {
	const char *text, *name;
	unsigned long long time;
	__u32 pid, cpu, child;
	__u32 group, tid, slot, old, new;
	__u32 server, run, handoff, away, flags, nr, worker;
	enum trace_list list;
};

/**
 * struct trace - a text, and what is in it
 * @text:	owned; the lines end with 0
 * @is_time:	the clock has told the time, so @time is in nanoseconds
 * @bad:	the line that could not be read, or is older than the one before
 */
struct trace {
	char *text;
	struct trace_event *events;
	size_t count;
	bool is_time;
	const char *bad;
};

/*
 * The events in such a text, of which @t becomes the owner. Lines that are no events
 * of ours are passed over. Return: 0, -ENOMEM, or -EINVAL: @t->bad says where. In any
 * case @t is to be freed.
 */
int trace_parse(struct trace *t, char *text);

/*
 * The same for what was read while it was written: events of several processors may
 * then be told a little later than they were.
 */
int trace_parse_some(struct trace *t, char *text);
void trace_free(struct trace *t);

/* Is that its name? */
bool trace_is(const struct trace_event *e, const char *name);

/* The name of whoever was on the processor, at most 15 bytes of it. */
void trace_comm(const struct trace_event *e, char comm[16]);

#endif /* EVENTS_H */
