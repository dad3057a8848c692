// SPDX-License-Identifier: MIT
/*
 * "The process shall exit with an exit status of 0 after the last thread has been
 * terminated": for libc the servers are threads as well, so the program's are counted.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "internal.h"

static pthread_key_t key;
static bool has_key;
static unsigned int threads = 1;

/*
 * Each round in which this is called, the program's destructors are as well; only the
 * last is behind them.
 */
static void thread_ends(void *round)
{
	uintptr_t next = (uintptr_t)round + 1;

	if (next <= PTHREAD_DESTRUCTOR_ITERATIONS)
		pthread_setspecific(key, (void *)next);
	else if (__atomic_sub_fetch(&threads, 1, __ATOMIC_SEQ_CST) == 0)
		exit(EXIT_SUCCESS);
}

static void make_key(void)
{
	has_key = has_key || pthread_key_create(&key, thread_ends) == 0;
}

void end_thread_begins(void)
{
	if (has_key)
		pthread_setspecific(key, (void *)1);
}

void end_thread_comes(void)
{
	make_key();
	__atomic_add_fetch(&threads, 1, __ATOMIC_SEQ_CST);
}

void end_thread_fails(void)
{
	__atomic_sub_fetch(&threads, 1, __ATOMIC_SEQ_CST);
}

void end_forked(void)
{
	threads = 1;
}

void end_init(void)
{
	make_key();
	end_thread_begins();
}
