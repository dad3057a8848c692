/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - tracepoints
 *
 * What others do with a thread rests on four things in kernel memory: its state,
 * and whether it is queued, parked, away. Each change of one of them is shown by
 * just one event, which comes before it, under the lock that it is made under:
 * @old is what is read there, @new what will be. So the events of a thread make
 * a chain, and those of a worker and its server have the order of their locks.
 *
 * Some come from sched_out, with the run queue locked: nothing here looks at
 * anything but memory. docs/tracing.md has what each event means.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM umcg

#if !defined(_UMCG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _UMCG_TRACE_H

#include <linux/tracepoint.h>

#include "umcg.h"

/* Beside UMCG_TASK_* in @old and @new. */
#define UMCG_TRACE_QUEUED	0x100
#define UMCG_TRACE_PARKED	0x200
#define UMCG_TRACE_AWAY		0x400

/* umcg_wake: on whose list */
#define UMCG_TRACE_GROUP	0	/* the group's */
#define UMCG_TRACE_SERVER	1	/* that of @server */
#define UMCG_TRACE_SAME		2	/* it is on one: only told of more */

#define umcg_trace_state(thread)					\
	((thread)->state |						\
	 ((thread)->queued ? UMCG_TRACE_QUEUED : 0) |			\
	 ((thread)->parked ? UMCG_TRACE_PARKED : 0) |			\
	 ((thread)->away ? UMCG_TRACE_AWAY : 0))

#define umcg_trace_tid(thread)	((thread) ? (thread)->tid : 0)

/* Who it is about. */
#define UMCG_TRACE_WHO							\
	__field(u32, group)						\
	__field(u32, tid)						\
	__field(u32, slot)

#define UMCG_TRACE_WHO_ASSIGN(thread)					\
	do {								\
		__entry->group = (thread)->group->id;			\
		__entry->tid = (thread)->tid;				\
		__entry->slot = (thread)->index;			\
	} while (0)

#define UMCG_TRACE_WHO_FORMAT	"group=%u tid=%u slot=%u"

#define UMCG_TRACE_WHO_VALUES						\
	__entry->group, __entry->tid, __entry->slot

/* The same, and what becomes of it. */
#define UMCG_TRACE_CHANGE						\
	UMCG_TRACE_WHO							\
	__field(u32, old)						\
	__field(u32, new)

#define UMCG_TRACE_CHANGE_ASSIGN(thread)				\
	do {								\
		UMCG_TRACE_WHO_ASSIGN(thread);				\
		__entry->old = umcg_trace_state(thread);		\
		__entry->new = __entry->old;				\
	} while (0)

#define UMCG_TRACE_CHANGE_FORMAT	UMCG_TRACE_WHO_FORMAT " %s%s -> %s%s"

#define umcg_trace_print_state(value)					\
	__print_symbolic((value) & 0xff,				\
			 { UMCG_TASK_NONE, "NONE" },			\
			 { UMCG_TASK_RUNNING, "RUNNING" },		\
			 { UMCG_TASK_RUNNABLE, "RUNNABLE" },		\
			 { UMCG_TASK_BLOCKED, "BLOCKED" }),		\
	__print_flags((value) & ~0xff, "",				\
		      { UMCG_TRACE_QUEUED, "+queued" },			\
		      { UMCG_TRACE_PARKED, "+parked" },			\
		      { UMCG_TRACE_AWAY, "+away" })

#define UMCG_TRACE_CHANGE_VALUES					\
	UMCG_TRACE_WHO_VALUES,						\
	umcg_trace_print_state(__entry->old),				\
	umcg_trace_print_state(__entry->new)

/* Before anybody else can reach @thread; @flags are UMCG_REG_*. */
TRACE_EVENT(umcg_register,
	TP_PROTO(const struct umcg_thread *thread, u32 flags),
	TP_ARGS(thread, flags),
	TP_STRUCT__entry(
		UMCG_TRACE_CHANGE
		__field(u32, flags)
	),
	TP_fast_assign(
		UMCG_TRACE_CHANGE_ASSIGN(thread);
		__entry->old = UMCG_TASK_NONE;
		__entry->flags = flags;
	),
	TP_printk(UMCG_TRACE_CHANGE_FORMAT " flags=%#x",
		  UMCG_TRACE_CHANGE_VALUES, __entry->flags)
);

/* Nobody starts, kicks or wakes it any more. */
TRACE_EVENT(umcg_unregister,
	TP_PROTO(const struct umcg_thread *thread,
		 const struct umcg_thread *server),
	TP_ARGS(thread, server),
	TP_STRUCT__entry(
		UMCG_TRACE_CHANGE
		__field(u32, server)
	),
	TP_fast_assign(
		UMCG_TRACE_CHANGE_ASSIGN(thread);
		__entry->new = UMCG_TASK_NONE |
			       (__entry->old & (UMCG_TRACE_QUEUED |
						UMCG_TRACE_AWAY));
		__entry->server = umcg_trace_tid(server);
	),
	TP_printk(UMCG_TRACE_CHANGE_FORMAT " server=%u",
		  UMCG_TRACE_CHANGE_VALUES, __entry->server)
);

/* A worker gives back its server's turn. */
DECLARE_EVENT_CLASS(umcg_stop,
	TP_PROTO(const struct umcg_thread *worker,
		 const struct umcg_thread *server, u32 to),
	TP_ARGS(worker, server, to),
	TP_STRUCT__entry(
		UMCG_TRACE_CHANGE
		__field(u32, server)
	),
	TP_fast_assign(
		UMCG_TRACE_CHANGE_ASSIGN(worker);
		__entry->new = to;
		__entry->server = server->tid;
	),
	TP_printk(UMCG_TRACE_CHANGE_FORMAT " server=%u",
		  UMCG_TRACE_CHANGE_VALUES, __entry->server)
);

DEFINE_EVENT(umcg_stop, umcg_preempt,
	TP_PROTO(const struct umcg_thread *worker,
		 const struct umcg_thread *server, u32 to),
	TP_ARGS(worker, server, to)
);

DEFINE_EVENT(umcg_stop, umcg_park,
	TP_PROTO(const struct umcg_thread *worker,
		 const struct umcg_thread *server, u32 to),
	TP_ARGS(worker, server, to)
);

DEFINE_EVENT(umcg_stop, umcg_yield,
	TP_PROTO(const struct umcg_thread *worker,
		 const struct umcg_thread *server, u32 to),
	TP_ARGS(worker, server, to)
);

/* @server is NULL for one that was asleep elsewhere: nothing ran. */
TRACE_EVENT(umcg_block,
	TP_PROTO(const struct umcg_thread *worker,
		 const struct umcg_thread *server),
	TP_ARGS(worker, server),
	TP_STRUCT__entry(
		UMCG_TRACE_CHANGE
		__field(u32, server)
		__field(u32, nr)
	),
	TP_fast_assign(
		UMCG_TRACE_CHANGE_ASSIGN(worker);
		__entry->new = UMCG_TASK_BLOCKED |
			       (__entry->old & UMCG_TRACE_AWAY);
		__entry->server = umcg_trace_tid(server);
		__entry->nr = worker->blocked_in;
	),
	TP_printk(UMCG_TRACE_CHANGE_FORMAT " server=%u nr=%u",
		  UMCG_TRACE_CHANGE_VALUES, __entry->server, __entry->nr)
);

/* The end of unmanaged time; umcg_wake follows. */
TRACE_EVENT(umcg_hold,
	TP_PROTO(const struct umcg_thread *worker),
	TP_ARGS(worker),
	TP_STRUCT__entry(
		UMCG_TRACE_CHANGE
	),
	TP_fast_assign(
		UMCG_TRACE_CHANGE_ASSIGN(worker);
		__entry->new = UMCG_TASK_RUNNABLE |
			       (__entry->old & ~UMCG_TASK_MASK);
	),
	TP_printk(UMCG_TRACE_CHANGE_FORMAT, UMCG_TRACE_CHANGE_VALUES)
);

/* Under the list's lock, too; @server is NULL for the group's. */
TRACE_EVENT(umcg_wake,
	TP_PROTO(const struct umcg_thread *thread, u32 events, u32 list,
		 const struct umcg_thread *server),
	TP_ARGS(thread, events, list, server),
	TP_STRUCT__entry(
		UMCG_TRACE_CHANGE
		__field(u32, events)
		__field(u32, list)
		__field(u32, server)
		__field(u32, home)
	),
	TP_fast_assign(
		UMCG_TRACE_CHANGE_ASSIGN(thread);
		__entry->new &= ~UMCG_TRACE_PARKED;
		__entry->new |= UMCG_TRACE_QUEUED;
		__entry->events = events;
		__entry->list = list;
		__entry->server = umcg_trace_tid(server);
		__entry->home = umcg_trace_tid(thread->home);
	),
	TP_printk(UMCG_TRACE_CHANGE_FORMAT " events=%s list=%s server=%u home=%u",
		  UMCG_TRACE_CHANGE_VALUES,
		  __print_flags(__entry->events, "|",
				{ UMCG_EV_WAKE, "WAKE" },
				{ UMCG_EV_WAIT, "WAIT" },
				{ UMCG_EV_TIMEOUT, "TIMEOUT" },
				{ UMCG_EV_PREEMPT, "PREEMPT" },
				{ UMCG_EV_SIGNAL, "SIGNAL" },
				{ UMCG_EV_EXIT, "EXIT" },
				{ UMCG_EV_REHOMED, "REHOMED" }),
		  __print_symbolic(__entry->list,
				   { UMCG_TRACE_GROUP, "group" },
				   { UMCG_TRACE_SERVER, "server" },
				   { UMCG_TRACE_SAME, "same" }),
		  __entry->server, __entry->home)
);

/* By its server itself, or by the worker that hands over the turn. */
TRACE_EVENT(umcg_run,
	TP_PROTO(const struct umcg_thread *worker,
		 const struct umcg_thread *server),
	TP_ARGS(worker, server),
	TP_STRUCT__entry(
		UMCG_TRACE_CHANGE
		__field(u32, server)
		__field(u32, run)
		__field(u32, handoff)
	),
	TP_fast_assign(
		UMCG_TRACE_CHANGE_ASSIGN(worker);
		__entry->new = UMCG_TASK_RUNNING;
		__entry->server = server->tid;
		__entry->run = worker->run + 1;
		__entry->handoff = server->task != current;
	),
	TP_printk(UMCG_TRACE_CHANGE_FORMAT " server=%u run=%u handoff=%u",
		  UMCG_TRACE_CHANGE_VALUES, __entry->server, __entry->run,
		  __entry->handoff)
);

/* Asleep somewhere else than in the module, though RUNNABLE; or back. */
TRACE_EVENT(umcg_away,
	TP_PROTO(const struct umcg_thread *worker, bool away),
	TP_ARGS(worker, away),
	TP_STRUCT__entry(
		UMCG_TRACE_CHANGE
		__field(u32, away)
	),
	TP_fast_assign(
		UMCG_TRACE_CHANGE_ASSIGN(worker);
		__entry->new &= ~UMCG_TRACE_AWAY;
		__entry->new |= away ? UMCG_TRACE_AWAY : 0;
		__entry->away = away;
	),
	TP_printk(UMCG_TRACE_CHANGE_FORMAT " away=%u",
		  UMCG_TRACE_CHANGE_VALUES, __entry->away)
);

/* A handler is to run: a wait that was left for it does not go on. */
TRACE_EVENT(umcg_frame,
	TP_PROTO(const struct umcg_thread *worker),
	TP_ARGS(worker),
	TP_STRUCT__entry(
		UMCG_TRACE_CHANGE
	),
	TP_fast_assign(
		UMCG_TRACE_CHANGE_ASSIGN(worker);
		if (worker->restart)
			__entry->new &= ~UMCG_TRACE_PARKED;
	),
	TP_printk(UMCG_TRACE_CHANGE_FORMAT, UMCG_TRACE_CHANGE_VALUES)
);

/* @worker is the tid of whom it runs meanwhile; 0: it idles. */
TRACE_EVENT(umcg_server_wait,
	TP_PROTO(const struct umcg_thread *server, u32 worker),
	TP_ARGS(server, worker),
	TP_STRUCT__entry(
		UMCG_TRACE_WHO
		__field(u32, worker)
	),
	TP_fast_assign(
		UMCG_TRACE_WHO_ASSIGN(server);
		__entry->worker = worker;
	),
	TP_printk(UMCG_TRACE_WHO_FORMAT " worker=%u",
		  UMCG_TRACE_WHO_VALUES, __entry->worker)
);

/* @result: 0, a negative errno, or one of the kernel's codes for a restart. */
TRACE_EVENT(umcg_server_wake,
	TP_PROTO(const struct umcg_thread *server, int result),
	TP_ARGS(server, result),
	TP_STRUCT__entry(
		UMCG_TRACE_WHO
		__field(int, result)
	),
	TP_fast_assign(
		UMCG_TRACE_WHO_ASSIGN(server);
		__entry->result = result;
	),
	TP_printk(UMCG_TRACE_WHO_FORMAT " result=%d",
		  UMCG_TRACE_WHO_VALUES, __entry->result)
);

/* A call that fails, by whatever thread: @nr is that of UMCG_IOC_*. */
TRACE_EVENT(umcg_error,
	TP_PROTO(const struct umcg_group *group, u32 nr, long error),
	TP_ARGS(group, nr, error),
	TP_STRUCT__entry(
		__field(u32, group)
		__field(u32, tid)
		__field(u32, nr)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->group = group->id;
		__entry->tid = task_pid_vnr(current);
		__entry->nr = nr;
		__entry->error = error;
	),
	TP_printk("group=%u tid=%u nr=%u error=%d",
		  __entry->group, __entry->tid, __entry->nr, __entry->error)
);

#endif /* _UMCG_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
