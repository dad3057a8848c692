// SPDX-License-Identifier: MIT
/* Threads: each is a worker before it calls what it was made for. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>

#include "internal.h"

struct start {
	union {
		void *(*posix)(void *);
		int (*c11)(void *);
	};
	void *arg;
};

static struct start begin(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	end_thread_begins();
	run_enter();
	return start;
}

static void *begin_posix(void *arg)
{
	struct start start = begin(arg);

	return start.posix(start.arg);
}

static int begin_c11(void *arg)
{
	struct start start = begin(arg);

	return start.c11(start.arg);
}

static struct start *prepare(void *arg)
{
	struct start *start = malloc(sizeof(*start));

	if (start) {
		start->arg = arg;
		run_start();
		end_thread_comes();
	}
	return start;
}

static void undo(struct start *start)
{
	end_thread_fails();
	free(start);
}

UMCG_PUBLIC int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			       void *(*fn)(void *), void *arg)
{
	struct start *start = prepare(arg);
	int error;

	if (!start)
		return EAGAIN;
	start->posix = fn;
	error = REAL(pthread_create)(thread, attr, begin_posix, start);
	if (error)
		undo(start);
	return error;
}

UMCG_PUBLIC int thrd_create(thrd_t *thread, thrd_start_t fn, void *arg)
{
	struct start *start = prepare(arg);
	int result;

	if (!start)
		return thrd_nomem;
	start->c11 = fn;
	result = REAL(thrd_create)(thread, begin_c11, start);
	if (result != thrd_success)
		undo(start);
	return result;
}
