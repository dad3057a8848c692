// SPDX-License-Identifier: MIT
/*
 * The lock of servers. Held for some tens of instructions; but the kernel may take the
 * processor from its holder meanwhile, so nobody spins for long.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define NSEC_PER_SEC	1000000000ULL
#define SPINS		100

enum { FREE, HELD, WANTED };

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("" ::: "memory");
#endif
}

void rt_futex_wait(__u32 *word, __u32 value, __u64 timeout)
{
	struct timespec t = {
		.tv_sec = (time_t)(timeout / NSEC_PER_SEC),
		.tv_nsec = (long)(timeout % NSEC_PER_SEC),
	};
	int saved = errno;

	/* BITSET: the time is absolute */
	syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, timeout ? &t : NULL,
		NULL, FUTEX_BITSET_MATCH_ANY);
	errno = saved;
}

static void wake(__u32 *word, int count)
{
	int saved = errno;

	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
	errno = saved;
}

void rt_futex_wake_all(__u32 *word)
{
	wake(word, INT_MAX);
}

static bool try_lock(__u32 *word)
{
	__u32 old = FREE;

	return __atomic_compare_exchange_n(word, &old, HELD, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

void rt_lock(__u32 *word)
{
	for (int i = 0; i < SPINS; i++) {
		if (try_lock(word))
			return;
		relax();
	}
	while (__atomic_exchange_n(word, WANTED, __ATOMIC_ACQUIRE) != FREE)
		rt_futex_wait(word, WANTED, 0);
}

void rt_unlock(__u32 *word)
{
	if (__atomic_exchange_n(word, FREE, __ATOMIC_RELEASE) == WANTED)
		wake(word, 1);
}

__u64 rt_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * NSEC_PER_SEC + (__u64)t.tv_nsec;
}
