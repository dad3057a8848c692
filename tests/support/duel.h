/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * duel.h - two things that happen to one worker at the same moment
 *
 * One of them is due at a time that is known, the other is done by a thread that
 * sleeps until then, give or take: who wins moves that a little, so that both
 * come to win, as close to each other as this machine can have it.
 */
#ifndef DUEL_H
#define DUEL_H

#include <linux/types.h>

/*
 * On each kernel; three make more than a hundred thousand. They are had where a
 * nanosecond is an instruction, on one processor, whatever time that takes. Several
 * processors on one thread of the host take a hundred times as long: there it is
 * seconds that count.
 */
#define DUELS		34000
#define DUEL_SECONDS	2
#define ALONE_SECONDS	60

/**
 * struct duel - the score
 * @name:	for the note: whom the first and the second are
 * @lead:	nanoseconds from the start of a round to the moment
 * @rounds:	begun, and @most of them; UMCG_DUELS=n in the environment makes that
 *		and the time n times as much
 * @end:	of the time; where the host stops the guest so often that only one of them
 *		has won by then, it is @late_end
 * @wins:	of the first, whose time is known, and of the second
 */
struct duel {
	const char *name;
	__u64 lead;
	unsigned long rounds, most, wins[2];
	__s64 offset, step;
	int last;
	__u64 end, late_end;
	unsigned int seed;
};

void duel_begin(struct duel *d, const char *name, unsigned long rounds);

/* Another round? Counts it. */
int duel_goes_on(struct duel *d);

/* When the second is to act, if the first's time is @due. */
__u64 duel_moment(const struct duel *d, __u64 due);

/* Sleep until then. */
void duel_sleep(const struct duel *d, __u64 due);

/* The time was over before the round could begin: more of it. */
void duel_late(struct duel *d);

/* The first (0) or the second (1) has won this round. */
void duel_won(struct duel *d, int who);

/* Note the score; both must have won. */
void duel_finish(struct duel *d);

#endif /* DUEL_H */
