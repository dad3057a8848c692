/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * blocker.h - one way to block in the kernel, and what must come of it
 *
 * Whatever a worker blocks in, the same must happen, every time: its server is
 * told and runs another worker; the blocked one says what it blocked in; it
 * comes back by the list, and runs no user code before it is switched to; and
 * its call has the result that it would have had without UMCG.
 */
#ifndef BLOCKER_H
#define BLOCKER_H

#include "crew.h"

#define BLOCKER_FAULT	(-1)
#define BLOCKER_ROUNDS	20

/**
 * struct blocker - a way to block
 * @number:	of the system call; BLOCKER_FAULT for a page fault in user mode
 * @wakes_itself: it needs no wake(), may be awake sooner than one looks, and may
 *		not sleep at all
 * @prepare:	in the thread of the test, before the worker runs into round @round
 * @block:	in the worker; returns 0 if all went as it should
 * @wake:	in the thread of the test
 *
 * Each round uses objects of its own: those of the last are the worker's until
 * it has been switched to.
 */
struct blocker {
	long number;
	bool wakes_itself;
	void (*prepare)(int round);
	long (*block)(int round);
	void (*wake)(int round);
};

/* Block and come back that often. */
void blocker_run(const struct blocker *b, int rounds);

#endif /* BLOCKER_H */
