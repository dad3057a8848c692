// SPDX-License-Identifier: MIT
/* Threads: each is a worker before it calls what it was made for. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>
#include <unistd.h>

#include "internal.h"

/**
 * struct start - what a thread is to do
 * @posix:	or @c11: what it was made for
 * @arg:	of that
 * @tid:	where who makes it waits for its number; or NULL
 * @has_priority: it serves a connection, and so has @priority
 * @priority:	of that
 */
struct start {
	union {
		void *(*posix)(void *arg);
		int (*c11)(void *arg);
	};
	void *arg;
	pid_t *tid;
	bool has_priority;
	int priority;
};

static struct start begin(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	end_thread_begins();
	if (start.tid)
		__atomic_store_n(start.tid, gettid(), __ATOMIC_RELEASE);
	run_enter(start.has_priority ? &start.priority : NULL);
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

static struct start *prepare(void *arg, pid_t *tid)
{
	struct start *start = malloc(sizeof(*start));

	if (!start)
		return NULL;
	run_start();
	end_thread_comes();
	start->arg = arg;
	start->tid = settle_wanted() ? tid : NULL;
	start->has_priority = accept_priority(&start->priority);
	return start;
}

/* @waits: as start::tid was; the thread may have freed that. */
static void done(struct start *start, bool made, bool waits, const pid_t *tid)
{
	if (!made) {
		end_thread_fails();
		free(start);
	} else if (waits) {
		settle_wait(tid);
	}
}

UMCG_PUBLIC int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			       void *(*fn)(void *arg), void *arg)
{
	pid_t tid = 0;
	struct start *start = prepare(arg, &tid);
	bool waits = start && start->tid;
	int error = EAGAIN;

	if (!start)
		return error;
	start->posix = fn;
	error = REAL(pthread_create)(thread, attr, begin_posix, start);
	done(start, !error, waits, &tid);
	return error;
}

UMCG_PUBLIC int thrd_create(thrd_t *thread, thrd_start_t fn, void *arg)
{
	pid_t tid = 0;
	struct start *start = prepare(arg, &tid);
	bool waits = start && start->tid;
	int result;

	if (!start)
		return thrd_nomem;
	start->c11 = fn;
	result = REAL(thrd_create)(thread, begin_c11, start);
	done(start, result == thrd_success, waits, &tid);
	return result;
}
