// SPDX-License-Identifier: GPL-2.0-only
/*
 * clock.c - the clock that a thread has chosen, as its time namespace shows it
 *
 * A namespace's offsets are fixed before anybody is in it. A thread could change to
 * another one while its process has no other threads (setns(2)); one that is
 * registered keeps the offset it has registered with.
 */
#include <linux/overflow.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>

#include "umcg.h"

void umcg_clock_init(struct umcg_thread *self, clockid_t clock)
{
	struct timespec64 offset = {};

	if (clock == CLOCK_MONOTONIC)
		timens_add_monotonic(&offset);
	else if (clock == CLOCK_BOOTTIME)
		timens_add_boottime(&offset);
	self->clock = clock;
	self->clock_offset = timespec64_to_ns(&offset);
}

static u64 host_now(const struct umcg_thread *self)
{
	switch (self->clock) {
	case CLOCK_REALTIME:
		return ktime_get_real_ns();
	case CLOCK_BOOTTIME:
		return ktime_get_boottime_ns();
	case CLOCK_TAI:
		return ktime_get_clocktai_ns();
	default:
		return ktime_get_ns();
	}
}

u64 umcg_now(const struct umcg_thread *self)
{
	return host_now(self) + self->clock_offset;
}

/* For a timer: what is too late for the host's clock never comes. */
ktime_t umcg_ktime(const struct umcg_thread *self, u64 timeout)
{
	s64 time;

	if (timeout > KTIME_MAX ||
	    check_sub_overflow((s64)timeout, self->clock_offset, &time))
		return KTIME_MAX;
	return max_t(s64, time, 0);
}
