/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracer.h - a debugger for one thread of the test
 *
 * A process of its own, forked before there is a group. Each call returns when
 * the thread has come to where it was sent, or fails the test.
 */
#ifndef TRACER_H
#define TRACER_H

#include <stdbool.h>
#include <sys/types.h>

struct tracer {
	pid_t tid; /* whom it traces */
	int orders, answers;
};

void tracer_start(struct tracer *t);

/* Attach to @tid and stop it, wherever it is. False: no debugging here. */
bool tracer_stop(struct tracer *t, pid_t tid);

/* Let it run, to stop at the next system call it enters; do not wait. */
void tracer_to_call(struct tracer *t);

/* Wait for that. */
void tracer_at_call(struct tracer *t);

/* Let it go for good. */
void tracer_detach(struct tracer *t);

#endif /* TRACER_H */
