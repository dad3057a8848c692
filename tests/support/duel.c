// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/prctl.h>

#include "clock.h"
#include "duel.h"
#include "proc.h"
#include "suite.h"

#define LEAD_MIN	(60 * USEC)
#define LEAD_MAX	(20 * MSEC)
#define STEP_MAX	(200 * USEC)
#define PATIENCE	5 /* times as long, until both have won */

void duel_begin(struct duel *d, const char *name, unsigned long rounds)
{
	const char *text = getenv("UMCG_DUELS");
	unsigned long times = text ? strtoul(text, NULL, 10) : 1;
	__u64 seconds = cpu_count() > 1 ? DUEL_SECONDS : ALONE_SECONDS;
	__u64 lasts = longer(seconds * times * SEC);

	*d = (struct duel){
		.name = name,
		.lead = LEAD_MIN,
		.most = rounds * times,
		.end = now() + lasts,
		.late_end = now() + PATIENCE * lasts,
		.seed = 1,
		.step = USEC,
	};
	expect_sys(prctl(PR_SET_TIMERSLACK, 1));
}

int duel_goes_on(struct duel *d)
{
	bool both = d->wins[0] && d->wins[1];

	if (d->rounds >= d->most || now() >= (both ? d->end : d->late_end))
		return 0;
	d->rounds++;
	return 1;
}

__u64 duel_moment(const struct duel *d, __u64 due)
{
	return due + d->offset;
}

void duel_sleep(const struct duel *d, __u64 due)
{
	sleep_until(duel_moment(d, due));
}

void duel_late(struct duel *d)
{
	if (d->lead < LEAD_MAX)
		d->lead *= 2;
}

void duel_won(struct duel *d, int who)
{
	__s64 step;

	d->wins[who]++;
	/*
	 * Whoever acts at an offset acts later if that was early, and vice versa:
	 * in big steps to where both win, in small ones about that.
	 */
	d->step = who == d->last ? d->step * 3 / 2 : USEC;
	if (d->step > STEP_MAX)
		d->step = STEP_MAX;
	d->last = who;
	step = d->step + rand_r(&d->seed) % (4 * USEC);
	d->offset += who ? step : -step;
	/* no more time than it takes, or the rounds are few */
	if (d->offset < -(__s64)d->lead / 2)
		duel_late(d);
	else if (d->lead > LEAD_MIN)
		d->lead -= d->lead / 32;
}

void duel_finish(struct duel *d)
{
	note("%s: %lu rounds, %lu to %lu", d->name, d->rounds, d->wins[0],
	     d->wins[1]);
	ck_assert_uint_eq(d->wins[0] + d->wins[1], d->rounds);
	ck_assert_uint_gt(d->wins[0], 0);
	ck_assert_uint_gt(d->wins[1], 0);
}
