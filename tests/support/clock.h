/* SPDX-License-Identifier: GPL-2.0-only */
/* clock.h - time as the interface has it: nanoseconds in one word */
#ifndef CLOCK_H
#define CLOCK_H

#include <errno.h>
#include <linux/types.h>
#include <time.h>

#define USEC	1000LL
#define MSEC	(1000 * USEC)
#define SEC	(1000 * MSEC)

static inline __u64 clock_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (__u64)t.tv_sec * SEC + t.tv_nsec;
}

static inline __u64 now(void)
{
	return clock_now(CLOCK_MONOTONIC);
}

/*
 * A timer wakes a thread also where one thread of the host is behind all
 * processors of the guest, in the midst of what the others do: to meet them at
 * every instruction, sleep; do not spin. prctl(PR_SET_TIMERSLACK, 1) before.
 */
static inline void sleep_until(__u64 when)
{
	struct timespec t = { .tv_sec = when / SEC, .tv_nsec = when % SEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	       EINTR)
		;
}

static inline void sleep_ns(__u64 ns)
{
	struct timespec t = { .tv_sec = ns / SEC, .tv_nsec = ns % SEC };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/* How long a fixed piece of work takes, some milliseconds of a processor. */
static inline __u64 work_ns(void)
{
	__u64 begin = now();
	unsigned int i;

	for (i = 0; i < 20000000; i++)
		__asm__ volatile("");
	return now() - begin;
}

/*
 * For every loop that waits in user mode: with one thread of the host behind
 * all processors of the guest, it is what lets the others run.
 */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("" ::: "memory");
#endif
}

#endif /* CLOCK_H */
