// SPDX-License-Identifier: MIT
/* Who yields lets the policy decide. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <threads.h>

#include "internal.h"

static int yield(void)
{
	return umcg_rt_yield() ? REAL(sched_yield)() : 0;
}

UMCG_PUBLIC int sched_yield(void)
{
	return yield();
}

/* Programs older than glibc 2.34 have it; for the header it is the one above. */
int yield_of_old(void) __asm__("pthread_yield");
UMCG_PUBLIC int yield_of_old(void)
{
	return yield();
}

UMCG_PUBLIC void thrd_yield(void)
{
	yield();
}
