/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay.h - a trace, held against the table of transitions
 *
 * Each thread moves by the table. Beside it:
 *
 *	what the kernel has before an event is what the last one has left: nothing
 *	has changed in between that was not told
 *	under a server that is not MULTI at most one worker runs, and who stops is
 *	one that runs under the server that is told
 *	each run has the next number
 *	nobody is queued on a dead server's list, or run under it
 *	a server that switches to a worker itself is not asleep
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "tracefs.h"

struct replay;

/* Before a group's first event. */
struct replay *replay_new(void);

/* All of @t, in which there is one group only. Return: NULL, or what is wrong. */
const char *replay_run(struct replay *r, const struct trace *t);

/* Then: notes on what has led there, of the thread that it is wrong with. */
void replay_history(const struct replay *r, const struct trace *t);

/* How many threads are not dead. */
unsigned int replay_alive(const struct replay *r);

/* Notes on how often each transition was seen. */
void replay_note(const struct replay *r);

/* And on those that were not. */
void replay_note_unseen(const struct replay *r);

void replay_free(struct replay *r);

#endif /* REPLAY_H */
