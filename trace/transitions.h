/* SPDX-License-Identifier: MIT */
/*
 * transitions.h - the protocol: what may happen to a thread, and what it is then
 *
 * What the kernel has of a thread, its state and whether it is queued, parked or
 * away, is not all: where it has come from says what may be next.
 */
#ifndef TRANSITIONS_H
#define TRANSITIONS_H

#include <linux/types.h>

#include "events.h"

enum place {
	NOBODY, /* a slot that was never used */
	BLOCKED, /* in the kernel */
	BLOCKED_AWAY, /* found asleep elsewhere by who would have run it */
	LEAVING, /* RUNNABLE, and queued in the same section */
	QUEUED,
	QUEUED_AWAY,
	PARKED,
	PARKED_AWAY,
	FRAMED, /* had parked: a handler is to run, the hold will queue it */
	FRAMED_AWAY,
	RUNNING,
	DEAD,
	DEAD_QUEUED, /* for somebody to see that it is dead */
	SERVER, /* in user mode, or about to return to it */
	SERVER_WAITS,
	DEAD_SERVER,
	DEAD_SERVER_QUEUED,
	PLACES
};

enum happening {
	REGISTER,
	REGISTER_SERVER,
	UNREGISTER,
	BLOCK, /* and its server is told */
	BLOCK_AWAY, /* somebody would have run it, and it sleeps elsewhere */
	HOLD, /* the end of unmanaged time */
	PUSH, /* onto a list */
	TELL, /* more events, to one that is on a list */
	RUN,
	PREEMPT,
	PARK,
	YIELD,
	GO_AWAY, /* to sleep elsewhere, though RUNNABLE */
	COME_BACK,
	FRAME, /* a handler's frame was built */
	SERVER_WAIT,
	SERVER_WAKE,
	HAPPENINGS,
	UNKNOWN /* an event that this does not know */
};

struct transition {
	enum place from;
	enum happening happening;
	enum place to;
};

extern const struct transition transitions[];
extern const unsigned int transitions_count;
extern const char *const place_names[PLACES];
extern const char *const happening_names[HAPPENINGS];

/* What the kernel has in that place: as trace_event::old and ::new. */
extern const __u32 place_flags[PLACES];

/* Its index; -1: there is no such transition. */
int transition_find(enum place from, enum happening happening);

/* What happens to a thread in that event; HAPPENINGS: nothing. */
enum happening happening_of(const struct trace_event *e);

#endif /* TRANSITIONS_H */
