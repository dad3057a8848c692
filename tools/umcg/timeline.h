/* SPDX-License-Identifier: MIT */
/* timeline.h - who ran where, for how long, and why it stopped: made of events */
#ifndef UMCG_TIMELINE_H
#define UMCG_TIMELINE_H

#include <stdint.h>

#include "events.h"

enum span_kind {
	SPAN_NONE,
	SPAN_RUNS,	/* a worker, under a server */
	SPAN_BLOCKED,	/* a worker, in the kernel */
	SPAN_QUEUED,	/* a worker that could run, and is not run */
	SPAN_PARKED,	/* a worker, in its own WAIT */
	SPAN_IDLES,	/* a server in WAIT with nothing to run */
	SPAN_SCHEDULES,	/* a server in its own code */
	SPAN_WAKES,	/* a server that was told, and is not there yet */
	SPAN_KINDS
};

/* What ended it, or put a worker on its list. */
enum why {
	WHY_NONE,
	WHY_BLOCK,
	WHY_PARK,
	WHY_YIELD,
	WHY_PREEMPT,
	WHY_EXIT,
	WHY_WAKE,	/* queued: registered, unblocked, woken */
	WHY_RUN,	/* it was run */
	WHY_END,	/* of the trace */
	WHYS
};

extern const char *const kind_names[SPAN_KINDS];
extern const char *const why_names[WHYS];

#define NOBODY_RAN	UINT32_MAX
#define NR_UNKNOWN	0x10000	/* it was blocked before the first event */

/**
 * struct span - something that lasts
 * @who:	index of the thread
 * @server:	runs: that of its server, else NOBODY_RAN
 * @next:	queued: the server that ran it then, else NOBODY_RAN
 * @cause:	queued: how it came onto a list; runs: what ended it
 * @nr:		of the system call it blocks in, or that ends the run
 * @cpu:	where the event at its end was written
 * @begin:	in ns of the trace's clock
 */
struct span {
	uint32_t who;
	uint32_t server;
	uint32_t next;
	enum span_kind kind;
	enum why cause;
	uint32_t nr;
	uint32_t cpu;
	uint64_t begin;
	uint64_t end;
};

/**
 * struct sums - of a thread's spans
 * @time:	in each of them
 * @runs:	how many; of a server, those under it
 * @stops:	how they ended
 */
struct sums {
	uint64_t time[SPAN_KINDS];
	uint64_t runs;
	uint64_t stops[WHYS];
};

/**
 * struct actor - one registration
 * @now:	what it does at present, not yet among the spans
 * @queue:	server: how many are on its list, or were taken from that and not run
 * @list:	worker: on which server's, or NOBODY_RAN
 */
struct actor {
	uint32_t group, slot, tid;
	bool is_server, is_multi, is_gone;
	char comm[16];
	struct span now;
	uint32_t list;
	uint32_t queue;
	struct sums sums;
};

/* Of a group: who has which slot. */
struct slots {
	uint32_t group;
	uint32_t count;
	uint32_t *actor;	/* by slot: index and one */
};

struct timeline {
	struct actor *actors;
	size_t nactors;
	struct span *spans;
	size_t nspans;
	uint64_t begin, end;
	bool no_spans;		/* sums only; the dead make room */
	bool failed;		/* no memory: it is not whole */
	void (*ended)(struct timeline *t, const struct span *s);	/* or NULL */
	struct slots *groups;
	size_t ngroups;
};

/* The next event; one that is older than the one before is taken to be as old. */
void timeline_add(struct timeline *t, const struct trace_event *e);

/* No more will come: ends what goes on, and orders spans by their beginning. */
void timeline_end(struct timeline *t);
void timeline_free(struct timeline *t);

/* A server's tid in a group: its index, or NOBODY_RAN. */
uint32_t timeline_server(const struct timeline *t, uint32_t group, uint32_t tid);

/* "blocks in read", "yields": how a run has ended. */
void span_words(const struct span *s, char *words, size_t size);

#endif /* UMCG_TIMELINE_H */
