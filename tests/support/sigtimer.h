/* SPDX-License-Identifier: GPL-2.0-only */
/* sigtimer.h - a timer that sends one thread of this process a signal */
#ifndef SIGTIMER_H
#define SIGTIMER_H

#include <linux/types.h>
#include <sys/types.h>
#include <time.h>

/* Not armed yet. It is CLOCK_MONOTONIC's. */
timer_t sigtimer_for(pid_t tid, int signal);

/* Fire @first ns from now, and then every @then ns; 0 is never. */
void sigtimer_in(timer_t timer, __u64 first, __u64 then);

/* Fire once, at that time; at once if it is over. */
void sigtimer_at(timer_t timer, __u64 when);

#endif /* SIGTIMER_H */
