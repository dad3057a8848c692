/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracefs.h - the module's events, as the kernel has written them down
 *
 * In an instance of its own, which nobody else writes to, and by the clock that
 * is a counter: so events under one lock, or one after the other, are in that
 * order, on whatever processors they were. Two have the same time only if one has
 * interrupted the other as that was written: on one processor, whose order is
 * known.
 */
#ifndef TRACEFS_H
#define TRACEFS_H

#include <stdbool.h>

#include "events.h"

/* Has this kernel tracefs, where it is expected? */
bool trace_possible(void);

/* Begin, with so many kB for each processor. */
void trace_start(unsigned int kb);

/* Stop, and read what was written. An event that was lost fails the test. */
void trace_stop(struct trace *t);

/* trace_parse(), or the test has failed. */
void trace_take(struct trace *t, char *text);

#endif /* TRACEFS_H */
