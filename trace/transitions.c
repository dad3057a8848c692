// SPDX-License-Identifier: MIT
#include <umcg_ioctl.h>

#include "transitions.h"

/* All that may happen. What is not here, must not. */
const struct transition transitions[] = {
	/* life; a slot is given out again when its last thread is dead */
	{ NOBODY, REGISTER, BLOCKED },
	{ DEAD, REGISTER, BLOCKED },
	{ DEAD_QUEUED, REGISTER, BLOCKED },
	{ DEAD_SERVER, REGISTER, BLOCKED },
	{ DEAD_SERVER_QUEUED, REGISTER, BLOCKED },

	/* waking up, and being queued for it */
	{ BLOCKED, HOLD, LEAVING },
	{ LEAVING, PUSH, QUEUED },
	{ QUEUED, TELL, QUEUED },

	/* its turn, and how it ends */
	{ QUEUED, RUN, RUNNING },
	{ PARKED, RUN, RUNNING },
	{ RUNNING, BLOCK, BLOCKED },
	{ RUNNING, PREEMPT, LEAVING },
	{ RUNNING, YIELD, LEAVING },
	{ RUNNING, PARK, PARKED },
	{ PARKED, PUSH, QUEUED },

	/* signals: a handler may have to run before it does */
	{ RUNNING, FRAME, RUNNING },
	{ BLOCKED, FRAME, BLOCKED },
	{ QUEUED, FRAME, QUEUED },
	{ PARKED, FRAME, FRAMED },
	{ FRAMED, PUSH, QUEUED },
	{ FRAMED, RUN, RUNNING },

	/* stops, debuggers, the freezer, a fault in a frame */
	{ QUEUED, GO_AWAY, QUEUED_AWAY },
	{ QUEUED_AWAY, TELL, QUEUED_AWAY },
	{ QUEUED_AWAY, COME_BACK, QUEUED },
	{ PARKED, GO_AWAY, PARKED_AWAY },
	{ PARKED_AWAY, PUSH, QUEUED_AWAY },
	{ PARKED_AWAY, COME_BACK, PARKED },
	{ FRAMED, GO_AWAY, FRAMED_AWAY },
	{ FRAMED_AWAY, COME_BACK, FRAMED },
	{ QUEUED_AWAY, BLOCK_AWAY, BLOCKED_AWAY },
	{ PARKED_AWAY, BLOCK_AWAY, BLOCKED_AWAY },
	{ FRAMED_AWAY, BLOCK_AWAY, BLOCKED_AWAY },
	{ BLOCKED_AWAY, COME_BACK, BLOCKED },

	/* death, at any time but between two happenings in one section */
	{ BLOCKED, UNREGISTER, DEAD },
	{ QUEUED, UNREGISTER, DEAD_QUEUED },
	{ PARKED, UNREGISTER, DEAD },
	{ FRAMED, UNREGISTER, DEAD },
	{ RUNNING, UNREGISTER, DEAD },
	{ DEAD, PUSH, DEAD_QUEUED },
	{ DEAD_QUEUED, PUSH, DEAD_QUEUED },
	{ DEAD_QUEUED, TELL, DEAD_QUEUED },

	/* servers */
	{ NOBODY, REGISTER_SERVER, SERVER },
	{ DEAD, REGISTER_SERVER, SERVER },
	{ DEAD_QUEUED, REGISTER_SERVER, SERVER },
	{ DEAD_SERVER, REGISTER_SERVER, SERVER },
	{ DEAD_SERVER_QUEUED, REGISTER_SERVER, SERVER },
	{ SERVER, SERVER_WAIT, SERVER_WAITS },
	{ SERVER_WAITS, SERVER_WAKE, SERVER },
	{ SERVER, UNREGISTER, DEAD_SERVER },
	{ DEAD_SERVER, PUSH, DEAD_SERVER_QUEUED },
};

const unsigned int transitions_count = sizeof(transitions) /
				       sizeof(*transitions);

const char *const place_names[PLACES] = {
	[NOBODY] = "nobody",
	[BLOCKED] = "blocked",
	[BLOCKED_AWAY] = "blocked, away",
	[LEAVING] = "leaving",
	[QUEUED] = "queued",
	[QUEUED_AWAY] = "queued, away",
	[PARKED] = "parked",
	[PARKED_AWAY] = "parked, away",
	[FRAMED] = "framed",
	[FRAMED_AWAY] = "framed, away",
	[RUNNING] = "running",
	[DEAD] = "dead",
	[DEAD_QUEUED] = "dead, queued",
	[SERVER] = "server",
	[SERVER_WAITS] = "server, waits",
	[DEAD_SERVER] = "dead server",
	[DEAD_SERVER_QUEUED] = "dead server, queued",
};

const char *const happening_names[HAPPENINGS] = {
	[REGISTER] = "register",
	[REGISTER_SERVER] = "register as a server",
	[UNREGISTER] = "unregister",
	[BLOCK] = "block",
	[BLOCK_AWAY] = "block, away",
	[HOLD] = "hold",
	[PUSH] = "push",
	[TELL] = "tell",
	[RUN] = "run",
	[PREEMPT] = "preempt",
	[PARK] = "park",
	[YIELD] = "yield",
	[GO_AWAY] = "go away",
	[COME_BACK] = "come back",
	[FRAME] = "frame",
	[SERVER_WAIT] = "server waits",
	[SERVER_WAKE] = "server wakes",
};

const __u32 place_flags[PLACES] = {
	[NOBODY] = UMCG_TASK_NONE,
	[BLOCKED] = UMCG_TASK_BLOCKED,
	[BLOCKED_AWAY] = UMCG_TASK_BLOCKED | TRACE_AWAY,
	[LEAVING] = UMCG_TASK_RUNNABLE,
	[QUEUED] = UMCG_TASK_RUNNABLE | TRACE_QUEUED,
	[QUEUED_AWAY] = UMCG_TASK_RUNNABLE | TRACE_QUEUED | TRACE_AWAY,
	[PARKED] = UMCG_TASK_RUNNABLE | TRACE_PARKED,
	[PARKED_AWAY] = UMCG_TASK_RUNNABLE | TRACE_PARKED | TRACE_AWAY,
	[FRAMED] = UMCG_TASK_RUNNABLE,
	[FRAMED_AWAY] = UMCG_TASK_RUNNABLE | TRACE_AWAY,
	[RUNNING] = UMCG_TASK_RUNNING,
	[DEAD] = UMCG_TASK_NONE,
	[DEAD_QUEUED] = UMCG_TASK_NONE | TRACE_QUEUED,
	[SERVER] = UMCG_TASK_RUNNING,
	[SERVER_WAITS] = UMCG_TASK_RUNNING,
	[DEAD_SERVER] = UMCG_TASK_NONE,
	[DEAD_SERVER_QUEUED] = UMCG_TASK_NONE | TRACE_QUEUED,
};

int transition_find(enum place from, enum happening happening)
{
	unsigned int i;

	for (i = 0; i < transitions_count; i++)
		if (transitions[i].from == from &&
		    transitions[i].happening == happening)
			return i;
	return -1;
}

static const struct {
	const char *name;
	enum happening happening;
} by_name[] = {
	{ "unregister", UNREGISTER },
	{ "hold", HOLD },
	{ "run", RUN },
	{ "preempt", PREEMPT },
	{ "park", PARK },
	{ "yield", YIELD },
	{ "frame", FRAME },
	{ "server_wait", SERVER_WAIT },
	{ "server_wake", SERVER_WAKE },
	{ "error", HAPPENINGS },
	{ "fork", HAPPENINGS },
};

enum happening happening_of(const struct trace_event *e)
{
	size_t i;

	for (i = 0; i < sizeof(by_name) / sizeof(*by_name); i++)
		if (trace_is(e, by_name[i].name))
			return by_name[i].happening;
	if (trace_is(e, "register"))
		return e->flags & UMCG_REG_SERVER ? REGISTER_SERVER : REGISTER;
	if (trace_is(e, "block"))
		return e->server ? BLOCK : BLOCK_AWAY;
	if (trace_is(e, "wake"))
		return e->list == TRACE_ON_SAME ? TELL : PUSH;
	if (trace_is(e, "away"))
		return e->away ? GO_AWAY : COME_BACK;
	return UNKNOWN;
}
