/* SPDX-License-Identifier: MIT */
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

#include <stdbool.h>

#include "events.h"

struct replay;

/*
 * Of one group. @midway: threads may have been there before the first event, and are
 * believed to be what their own first one says. Return: NULL if there is no memory.
 */
struct replay *replay_new(bool midway);

/*
 * The next event. Return: NULL, or what is wrong with it, which is good until the
 * next call. That thread is then looked at as if its next event were its first.
 */
const char *replay_event(struct replay *r, const struct trace_event *e);

/* All of @t, in which there is one group only, up to what is wrong. */
const char *replay_run(struct replay *r, const struct trace *t);

/* How the functions below tell: a line each. */
typedef void (*replay_say)(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* After replay_run(): what has led there, of the thread that it is wrong with. */
void replay_history(const struct replay *r, const struct trace *t, replay_say say);

/* How many threads are not dead. */
unsigned int replay_alive(const struct replay *r);

/* How often each transition was seen. */
void replay_note(const struct replay *r, replay_say say);

/* And those that were not. */
void replay_note_unseen(const struct replay *r, replay_say say);

void replay_free(struct replay *r);

#endif /* REPLAY_H */
