/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * preempt.h - how the kernel preempts itself: none, voluntary, full, lazy
 *
 * It can be changed as the kernel runs, which is what the argument preempt= of its
 * command line does as well.
 */
#ifndef PREEMPT_H
#define PREEMPT_H

#include <stdbool.h>

/* Those this kernel has, one after the other; NULL: no more, or there is no choice. */
const char *preempt_mode(unsigned int i);

/* False: it has no such mode. */
bool preempt_use(const char *mode);

/* To be put before a test: in all of its code, if it has that mode. */
void preempt_fully(void);

/* What it was before the first preempt_use(). */
void preempt_restore(void);

#endif /* PREEMPT_H */
