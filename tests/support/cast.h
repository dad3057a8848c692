/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cast.h - a worker in each of the states that it can be in
 *
 * The caller of cast_start() is their only server. What is done to all of them,
 * a signal, a stop, a debugger, must leave each where it is; then cast_finish()
 * schedules them, and each goes on.
 */
#ifndef CAST_H
#define CAST_H

#include "crew.h"

enum role {
	ROLE_HELD, /* taken from the list, never run */
	ROLE_PARKED,
	ROLE_BLOCKED, /* in a read() */
	ROLE_RUNNING, /* it spins */
	ROLES
};

extern const char *const role_names[ROLES];

/**
 * struct cast - those workers
 * @act:	what each does, when it is scheduled again and has gone on; may be NULL
 * @ends:	the pipe that one of them reads
 * @over:	the one that spins may stop
 * @waited:	what the WAIT of the parked one has returned
 * @gone:	how many have ended
 */
struct cast {
	long (*act)(struct worker *w);
	struct server boss;
	struct worker worker[ROLES];
	int ends[2];
	int over;
	int waited;
	int gone;
};

/* Bring each into its state; the one that runs does so from here on. */
void cast_start(struct cast *c, struct umcg_group *g);

/* All of them are where cast_start() has left them; none has gone on. */
bool cast_stands(struct cast *c);

/*
 * What wakes those who wait for something but a switch. The one that spins runs
 * out of its turn on its own then.
 */
void cast_let_go(struct cast *c);

/* Schedule all of them, in the order in which they come, until they have gone. */
void cast_finish(struct cast *c);

/* What each runs first when it is scheduled again, for breakpoints: sets its step. */
void cast_goes_on(struct worker *w);

#endif /* CAST_H */
