// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/prctl.h>

#include "clock.h"
#include "duel.h"
#include "suite.h"

#define LEAD_MIN	(300 * USEC)
#define LEAD_MAX	(20 * MSEC)

void duel_begin(struct duel *d, const char *name)
{
	*d = (struct duel){
		.name = name,
		.lead = LEAD_MIN,
		.end = now() + DUEL_SECONDS * SEC,
		.seed = 1,
	};
	expect_sys(prctl(PR_SET_TIMERSLACK, 1));
}

int duel_goes_on(struct duel *d)
{
	if (d->rounds >= DUELS_MAX || now() >= d->end)
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

void duel_won(struct duel *d, int who)
{
	__s64 step = USEC + rand_r(&d->seed) % (8 * USEC);

	d->wins[who]++;
	/* whoever acts at an offset acts later if that was early, and vice versa */
	d->offset += who ? step : -step;
	/* it is late whatever it does: more time */
	if (d->offset < -(__s64)d->lead / 2 && d->lead < LEAD_MAX) {
		d->lead *= 2;
		d->offset = 0;
	}
}

void duel_finish(struct duel *d)
{
	note("%s: %lu rounds, %lu to %lu", d->name, d->rounds, d->wins[0],
	     d->wins[1]);
	ck_assert_uint_eq(d->wins[0] + d->wins[1], d->rounds);
	ck_assert_uint_gt(d->wins[0], 0);
	ck_assert_uint_gt(d->wins[1], 0);
}
