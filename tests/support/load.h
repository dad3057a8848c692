/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load.h - workers that never have enough, in a ring
 *
 * Each sleeps, yields, parks for a time, writes to its neighbour and reads what
 * the other one has written, over and over. None can get far ahead of the others:
 * where one is lost, all stand still. Nothing of what they call may fail, or be
 * cut short, whatever is done to their process.
 */
#ifndef LOAD_H
#define LOAD_H

#include "fifo.h"

#define LOAD_WORKERS	10

/**
 * struct load - those workers, and who schedules them
 * @look:	what each does in every turn, in user mode; may be NULL
 * @stopped:	somebody stops them where they are: who has to be scheduled again in
 *		the middle of its user code still counts as there meanwhile
 * @over:	they are to end
 */
struct load {
	struct fifo fifo;
	void (*look)(struct worker *w);
	struct worker worker[LOAD_WORKERS];
	int ends[LOAD_WORKERS][2];
	bool stopped;
	int over;
};

/* Start so many servers, in a new group, and the workers. */
void load_start(struct load *l, int servers);

/* Which of them it is. */
int load_index(const struct worker *w);

/* See that each of them gets on. Also for another process that shares @l. */
void load_goes_on(struct load *l);

/* All their steps. */
unsigned long load_steps(const struct load *l);

/*
 * See each of them end, and the servers; no more workers were in user mode at a
 * time than there were servers, unless @stopped.
 */
void load_stop(struct load *l);

#endif /* LOAD_H */
