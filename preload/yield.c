// SPDX-License-Identifier: MIT
/* Who yields lets the policy decide. */
#define _GNU_SOURCE
/* Programs older than glibc 2.34 have it; for the header it is sched_yield(). */
#define pthread_yield pthread_yield_of_the_header
#include <pthread.h>
#undef pthread_yield
#include <sched.h>
#include <threads.h>

#include "internal.h"

static int let_others_run(void)
{
	return umcg_rt_yield() ? REAL(sched_yield)() : 0;
}

UMCG_PUBLIC int sched_yield(void)
{
	return let_others_run();
}

int pthread_yield(void);
UMCG_PUBLIC int pthread_yield(void)
{
	return let_others_run();
}

UMCG_PUBLIC void thrd_yield(void)
{
	let_others_run();
}
