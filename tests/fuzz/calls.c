// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of the module, most of them nearly right: a call that is refused at its
 * first look at its arguments finds nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "fuzz.h"

const char *const fuzz_names[FUZZ_OPS] = {
	"query", "register", "unregister", "wait", "wake", "kick", "ioctl",
	"map", "poll", "open", "block", "fork", "exec", "exit", "signal",
	"scribble", "trace", "kill",
};

long fuzz_count(struct fuzz_shared *s, enum fuzz_op op, long result)
{
	__atomic_fetch_add(&s->done[op], 1, __ATOMIC_RELAXED);
	if (result >= 0)
		__atomic_fetch_add(&s->good[op], 1, __ATOMIC_RELAXED);
	return result;
}

void fuzz_wrong(struct fuzz_shared *s, const char *format, ...)
{
	va_list args;

	if (s->wrong[0])
		return;
	va_start(args, format);
	vsnprintf(s->wrong, sizeof(s->wrong), format, args);
	va_end(args);
}

static long call(struct fuzz_thread *t, enum fuzz_op op, unsigned long request,
		 void *arg)
{
	int fd = __atomic_load_n(&t->child->fd, __ATOMIC_RELAXED);
	long result = syscall(SYS_ioctl, fd, request, arg);

	if (result < 0) {
		result = -errno;
		if (result == -ESHUTDOWN)
			t->slot = 0;
	}
	return fuzz_count(t->child->shared, op, result);
}

/* The same by lseek(): a call, or what is none. */
static long seek(struct fuzz_thread *t, enum fuzz_op op, __u64 offset, int whence)
{
	int fd = __atomic_load_n(&t->child->fd, __ATOMIC_RELAXED);
	long result;

	if (fuzz_once_in(&t->random, 30))
		offset = fuzz_hostile(&t->random);
	if (fuzz_once_in(&t->random, 60))
		whence = fuzz_below(&t->random, 8);
	result = syscall(SYS_lseek, fd, offset, whence);
	if (result < 0) {
		result = -errno;
		if (result == -ESHUTDOWN)
			t->slot = 0;
	}
	return fuzz_count(t->child->shared, op, result);
}

/* A pointer that is no place for arguments, or is none that should be used. */
void *fuzz_pointer(struct fuzz_thread *t)
{
	switch (fuzz_below(&t->random, 8)) {
	case 0:
		return NULL;
	case 1:
		return t->child->slots + fuzz_below(&t->random, FUZZ_SLOTS);
	case 2:
		/* half of it is there */
		return t->child->page + 4096 - fuzz_below(&t->random, 64);
	case 3:
		return t->child->page + 4096;
	case 4:
		return (void *)fuzz_call; /* cannot be written */
	case 5:
		return t->child->page + fuzz_below(&t->random, 1024);
	default:
		return (void *)(unsigned long)fuzz_hostile(&t->random);
	}
}

static struct umcg_task *slot(struct fuzz_thread *t, __u32 index)
{
	return t->child->slots + index % FUZZ_SLOTS;
}

/* Somebody who can be run, if there is one; taken from its list, in our way. */
static __u32 runnable(struct fuzz_thread *t)
{
	__u32 begin = fuzz_below(&t->random, FUZZ_SLOTS), i, tid;
	struct umcg_task *it;

	for (i = 0; i < FUZZ_SLOTS; i++) {
		it = slot(t, begin + i);
		if ((umcg_state(it) & UMCG_TASK_MASK) != UMCG_TASK_RUNNABLE)
			continue;
		tid = __atomic_load_n(&it->tid, __ATOMIC_RELAXED);
		__atomic_store_n(&it->events, 0, __ATOMIC_RELAXED);
		return tid;
	}
	return 0;
}

static __u32 some_tid(struct fuzz_thread *t)
{
	struct fuzz_shared *s = t->child->shared;
	__u32 mine = t->child->index, i = fuzz_below(&t->random, FUZZ_THREADS);

	switch (fuzz_below(&t->random, 12)) {
	case 0:
		return fuzz_hostile(&t->random);
	case 1:
		/* somebody else's */
		return s->tids[fuzz_below(&t->random, FUZZ_CHILDREN)][i];
	case 2:
	case 3:
	case 4:
		return s->tids[mine][i];
	default:
		return runnable(t);
	}
}

static __u64 deadline(struct fuzz_thread *t)
{
	if (fuzz_once_in(&t->random, 20))
		return fuzz_hostile(&t->random);
	return now() + fuzz_below(&t->random, 2 * MSEC);
}

/* A home: a server, as a rule. */
static __u32 home(struct fuzz_thread *t)
{
	switch (fuzz_below(&t->random, 8)) {
	case 0:
		return some_tid(t);
	case 1:
	case 2:
		return 0;
	default:
		return __atomic_load_n(&t->child->server, __ATOMIC_RELAXED);
	}
}

static void enlist(struct fuzz_thread *t)
{
	struct umcg_register args = { .clock = CLOCK_MONOTONIC };
	__u64 *r = &t->random;
	long result;

	t->is_server = fuzz_once_in(r, 3);
	if (t->is_server) {
		args.flags = UMCG_REG_SERVER | (fuzz_random(r) & 0x70);
	} else {
		args.flags = UMCG_REG_WORKER | (fuzz_random(r) & 4);
		args.server_tid = home(t);
	}
	if (fuzz_below(r, 2))
		args.slice_ns = 100 * USEC + fuzz_below(r, MSEC);
	if (fuzz_once_in(r, 8))
		args.clock = fuzz_below(r, 12);
	if (fuzz_once_in(r, 16))
		((__u32 *)&args)[fuzz_below(r, sizeof(args) / 4)] =
			fuzz_hostile(r);
	result = call(t, FUZZ_REGISTER, UMCG_IOC_REGISTER,
		      fuzz_once_in(r, 16) ? fuzz_pointer(t) : &args);
	if (result)
		return;
	t->slot = args.slot;
	if (t->is_server)
		__atomic_store_n(&t->child->server, gettid(), __ATOMIC_RELAXED);
}

static void server_wait(struct fuzz_thread *t, struct umcg_wait *args)
{
	struct umcg_task *self = slot(t, t->slot);
	__u64 *r = &t->random;

	/* whoever is on a list is found by its state */
	if (fuzz_below(r, 4)) {
		__atomic_store_n(&self->head, UMCG_LIST_END, __ATOMIC_RELAXED);
		__atomic_store_n(&slot(t, 0)->head, UMCG_LIST_END,
				 __ATOMIC_RELAXED);
	}
	if (fuzz_below(r, 8))
		self->next_tid = fuzz_below(r, 4) ? runnable(t) : some_tid(t);
	if (fuzz_once_in(r, 30))
		args->flags = fuzz_hostile(r);
}

static void worker_wait(struct fuzz_thread *t, struct umcg_wait *args)
{
	struct umcg_task *self = slot(t, t->slot);
	__u64 *r = &t->random;

	self->next_tid = fuzz_below(r, 2) ? some_tid(t) : 0;
	if (fuzz_below(r, 2))
		self->server_tid = home(t);
	if (fuzz_below(r, 2)) {
		args->flags = UMCG_WAIT_ENQUEUE;
		args->timeout = 0;
	}
	if (fuzz_once_in(r, 30))
		args->pad = fuzz_hostile(r);
}

/* Also from a signal handler, and by threads that are not registered. */
void fuzz_wait(struct fuzz_thread *t)
{
	struct umcg_wait args = { .timeout = deadline(t) };
	bool handoff;
	void *arg = &args;
	long result;

	if (t->is_server)
		server_wait(t, &args);
	else
		worker_wait(t, &args);
	if (fuzz_once_in(&t->random, 30))
		arg = fuzz_pointer(t);
	handoff = t->slot && !t->is_server && slot(t, t->slot)->next_tid;
	if (!args.timeout && fuzz_below(&t->random, 2))
		result = seek(t, FUZZ_WAIT, args.flags, UMCG_SEEK_WAIT);
	else
		result = call(t, FUZZ_WAIT, UMCG_IOC_WAIT, arg);
	if (handoff && !result)
		__atomic_fetch_add(&t->child->shared->handoffs, 1,
				   __ATOMIC_RELAXED);
}

/* WAKE and KICK, also by a thread that is nothing. */
void fuzz_poke(struct fuzz_thread *t)
{
	struct umcg_kick args = { .tid = some_tid(t) };
	__u64 *r = &t->random;
	bool wake = fuzz_below(r, 2);
	void *arg = &args;

	if (wake && fuzz_once_in(r, 4))
		args.tid = 0;
	if (!wake && fuzz_once_in(r, 4))
		args.flags = UMCG_KICK_CURRENT;
	if (fuzz_once_in(r, 30))
		args.flags = fuzz_hostile(r);
	if (fuzz_once_in(r, 30))
		arg = fuzz_pointer(t);
	if (wake && fuzz_below(r, 2))
		seek(t, FUZZ_WAKE, args.tid, UMCG_SEEK_WAKE);
	else if (wake)
		call(t, FUZZ_WAKE, UMCG_IOC_WAKE, arg);
	else
		call(t, FUZZ_KICK, UMCG_IOC_KICK, arg);
}

static void query(struct fuzz_thread *t)
{
	char room[512];
	__u32 size = fuzz_below(&t->random, sizeof(room));

	memcpy(room, &size, sizeof(size));
	call(t, FUZZ_QUERY, UMCG_IOC_QUERY,
	     fuzz_once_in(&t->random, 4) ? fuzz_pointer(t) : room);
}

static void any_ioctl(struct fuzz_thread *t)
{
	__u64 *r = &t->random;
	unsigned long request = fuzz_random(r);

	/*
	 * What belongs to files in general is not for us to make up: FIOASYNC and
	 * its like are of another kind.
	 */
	request = _IOC(fuzz_below(r, 4), UMCG_IOC_MAGIC, fuzz_below(r, 8),
		       request & 0xff);
	call(t, FUZZ_IOCTL, request, fuzz_pointer(t));
}

static void poll_it(struct fuzz_thread *t)
{
	struct pollfd p = { .fd = t->child->fd,
			    .events = fuzz_random(&t->random) };

	fuzz_count(t->child->shared, FUZZ_POLL,
		   poll(&p, 1, fuzz_below(&t->random, 2)));
}

static void leave(struct fuzz_thread *t)
{
	void *arg = NULL;

	if (fuzz_once_in(&t->random, 8))
		arg = fuzz_pointer(t);
	if (!call(t, FUZZ_UNREGISTER, UMCG_IOC_UNREGISTER, arg))
		t->slot = 0;
}

void fuzz_call(struct fuzz_thread *t)
{
	__u32 what = fuzz_below(&t->random, 100);

	if (!t->slot && what < 60)
		enlist(t);
	else if (what < 70)
		fuzz_wait(t);
	else if (what < 86)
		fuzz_poke(t);
	else if (what < 88)
		leave(t);
	else if (what < 91)
		poll_it(t);
	else if (what < 94)
		query(t);
	else if (what < 97)
		any_ioctl(t);
	else
		enlist(t);
}
