/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sleeper.h - five things to do in the kernel, of which four sleep, and only once
 *
 * A helper, a plain thread, wakes each sleeper that has said how it is going to
 * sleep. It may be too early for that: then nobody sleeps.
 */
#ifndef SLEEPER_H
#define SLEEPER_H

#include <linux/types.h>
#include <stdbool.h>

enum way {
	WAY_SLEEP, /* nanosleep */
	WAY_PIPE, /* read of a pipe */
	WAY_FUTEX,
	WAY_FAULT, /* a page that userfaultfd serves */
	WAY_YIELD, /* sched_yield, which does not sleep */
	WAYS
};

extern const char *const way_names[WAYS];

struct sleeper {
	unsigned int index;
	enum way want; /* what the helper is to do for it */
	bool helped; /* and that this is over, to the last wake-up */
	bool disturbed; /* it was not: what comes now may sleep once more */
	struct sleeper *next; /* on the helper's stack */
	int ends[2];
	__u32 word;
};

/* Make them ready; the first is a member of an array of things so large. */
void sleepers_start(struct sleeper *first, unsigned long stride,
		    unsigned int count);

/*
 * Said before, and done after, the sleeper has left the group of the running.
 *
 * While the helper is not through with the last time, a wake-up of his may still
 * come: FUTEX_WAKE wakes after it has let go of the word, which the sleeper may see
 * on its way to sleep. Whatever the next call is, it then sleeps once more. So what
 * needs him becomes a nanosleep, and the sleeper is told. Yielding until he is
 * through would be worse: on one processor he may be the last to get it.
 * Return: the way to do it.
 */
enum way sleeper_prepare(struct sleeper *s, enum way how);
void sleeper_do(struct sleeper *s, enum way how, __u64 ns);

/* The helper is through with it: no wake-up of his comes any more. */
bool sleeper_helped(const struct sleeper *s);

void sleepers_stop(void);

/* For other words: a private futex. */
long futex(__u32 *word, int op, __u32 value);

#endif /* SLEEPER_H */
