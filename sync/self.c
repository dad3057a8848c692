// SPDX-License-Identifier: MIT
/* The calling thread: whether it is a worker, and its WAIT. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define NSEC_PER_SEC	1000000000ULL

/* initial-exec: touching it allocates nothing, also in a library that was loaded late */
static __thread struct self current __attribute__((tls_model("initial-exec")));

struct self *sync_self(void)
{
	return &current;
}

/*
 * A child of fork() is no worker, and has no slots. Handlers are called in the order they
 * were made: ours comes before any that attaches the child anew.
 */
__attribute__((constructor(101))) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, umcg_sync_detach);
}

UMCG_PUBLIC int umcg_sync_attach(struct umcg_group *g, __u32 slot, __u32 flags)
{
	struct umcg_task *task = slot ? umcg_slot(g, slot) : NULL;
	__u32 tid = (__u32)gettid();

	if (!task || (flags & ~UMCG_SYNC_TO_SERVER) ||
	    __atomic_load_n(&task->tid, __ATOMIC_RELAXED) != tid)
		return -EINVAL;
	current = (struct self){
		.group = g, .task = task, .tid = tid, .flags = flags,
	};
	return 0;
}

UMCG_PUBLIC void umcg_sync_detach(void)
{
	current = (struct self){ .group = NULL };
}

bool sync_self_section_begin(struct self *self)
{
	if (!self->group || (__atomic_load_n(&self->task->section, __ATOMIC_RELAXED) &
			     UMCG_SECTION_NOPREEMPT))
		return false;
	umcg_section_begin(self->task);
	return true;
}

void sync_self_section_end(struct self *self, bool begun)
{
	if (begun && self->group)
		umcg_section_end(self->group, self->task);
}

static bool is_past(__u64 timeout)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * NSEC_PER_SEC + (__u64)t.tv_nsec >= timeout;
}

/*
 * umcg_run(), and whether the worker @tid was started. A handler that waits between
 * our store of next_tid and the call leaves the word as it found it: so does this.
 */
static int run(struct self *self, __u32 tid, __u32 flags, __u64 timeout,
	       bool *started)
{
	__u32 before = umcg_next_tid(self->task);
	int error = umcg_run(self->group, self->task, tid, flags, timeout);

	*started = tid && (umcg_next_tid(self->task) & UMCG_TID_RUNNING);
	__atomic_store_n(&self->task->next_tid, before, __ATOMIC_RELAXED);
	return error;
}

/* After which results is a worker that was not started still in our hands? */
static bool is_ours(int error)
{
	return error != -EAGAIN && error != -ESRCH && error != -ESHUTDOWN &&
	       error != -EINTR;
}

int sync_self_park(struct self *self, __u64 timeout)
{
	bool begun, started;
	__u32 slot = 0, tid = 0;
	int error;

	if (timeout && is_past(timeout))
		return -ETIMEDOUT;
	/* whom we have picked, and those behind it, are known to nobody meanwhile */
	begun = sync_self_section_begin(self);
	if (!(self->flags & UMCG_SYNC_TO_SERVER))
		slot = sync_pick(self->group, self->task, &tid);
	error = run(self, tid, 0, timeout, &started);
	if (slot && !started && is_ours(error))
		sync_pick_undo(self->group, self->task, slot);
	sync_self_section_end(self, begun);
	/* it blocks, or is gone: try the next */
	return error == -EAGAIN || error == -ESRCH ? 0 : error;
}

bool sync_self_switch(struct self *self, __u32 tid)
{
	bool started;

	run(self, tid, UMCG_WAIT_ENQUEUE, 0, &started);
	return started;
}
