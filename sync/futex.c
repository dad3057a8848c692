// SPDX-License-Identifier: MIT
/* The futex, for whoever is no worker. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define NSEC_PER_SEC	1000000000ULL

int sync_futex_wait(__u32 *word, __u32 value, __u64 timeout)
{
	struct timespec t = {
		.tv_sec = (time_t)(timeout / NSEC_PER_SEC),
		.tv_nsec = (long)(timeout % NSEC_PER_SEC),
	};
	int saved = errno;
	long ret;

	/* BITSET: the time is absolute */
	ret = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value,
		      timeout ? &t : NULL, NULL, FUTEX_BITSET_MATCH_ANY);
	if (ret < 0 && errno == ETIMEDOUT)
		ret = -ETIMEDOUT;
	else
		ret = 0;
	errno = saved;
	return (int)ret;
}

/* The word need not be there any more: who finds it woken for nothing looks again. */
void sync_futex_wake_one(__u32 *word)
{
	int saved = errno;

	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	errno = saved;
}
