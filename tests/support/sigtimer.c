// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <signal.h>

#include "clock.h"
#include "sigtimer.h"
#include "suite.h"

timer_t sigtimer_for(pid_t tid, int signal)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
				  .sigev_signo = signal };
	timer_t timer;

	event._sigev_un._tid = tid;
	expect_sys(timer_create(CLOCK_MONOTONIC, &event, &timer));
	return timer;
}

static struct timespec to_timespec(__u64 ns)
{
	return (struct timespec){ .tv_sec = ns / SEC, .tv_nsec = ns % SEC };
}

void sigtimer_in(timer_t timer, __u64 first, __u64 then)
{
	struct itimerspec t = { to_timespec(then), to_timespec(first) };

	expect_sys(timer_settime(timer, 0, &t, NULL));
}

void sigtimer_at(timer_t timer, __u64 when)
{
	struct itimerspec t = { .it_value = to_timespec(when) };

	expect_sys(timer_settime(timer, TIMER_ABSTIME, &t, NULL));
}
