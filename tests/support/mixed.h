/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mixed.h - workers, servers and plain threads that do the same
 *
 * For libumcg-sync: a group with servers that schedule, workers that are attached, one
 * that is not, and threads beside them, of which one is a server that runs nobody.
 */
#ifndef MIXED_H
#define MIXED_H

#include <umcg_sync.h>

#include "clock.h"
#include "fifo.h"
#include "suite.h"

#define MIXED_MAX	32

/* In nanoseconds: whoever is to wait until then sleeps before it has passed. */
#define LONG_ENOUGH	longer(200 * MSEC)

enum actor_kind {
	ACTOR_WORKER,
	ACTOR_TO_SERVER, /* attached with UMCG_SYNC_TO_SERVER */
	ACTOR_BLOCKER, /* not attached: it blocks */
	ACTOR_PLAIN,
	ACTOR_SERVER,
	ACTOR_KINDS
};

/**
 * struct actor - one of them
 * @run:	what all of them do
 * @seed:	for rand_r()
 * @steps:	how often it has done that; for who wonders whether it goes on
 */
struct actor {
	void (*run)(struct actor *a);
	enum actor_kind kind;
	int index;
	unsigned int seed;
	unsigned long steps;
	struct mixed *mixed;
	struct worker worker;
};

/**
 * struct mixed - all of them
 * @ends:	the group may end while they are at it
 */
struct mixed {
	struct fifo fifo;
	struct umcg_group *group;
	bool ends;
	int actors;
	struct actor actor[MIXED_MAX];
};

/* So many servers; so many actors of each kind, an array of ACTOR_KINDS. */
void mixed_start(struct mixed *m, struct umcg_group *g, int servers,
		 const int *how_many, void (*run)(struct actor *a));

/* See all of them end: as long as somebody steps, nobody is lost. */
void mixed_join(struct mixed *m);

/* Signals with an empty handler, one actor after the other, until mixed_join(). */
void mixed_signals(struct mixed *m);

/* What takes a while: nothing, a spin, a block, or a yield. */
void mixed_dawdle(struct actor *a);

/* Some time from now, soon; or 0. */
__u64 mixed_timeout(struct actor *a);

/* In a worker of the crew's. */
void worker_attach(struct worker *w);

#endif /* MIXED_H */
