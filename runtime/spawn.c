// SPDX-License-Identifier: MIT
/*
 * Threads that the runtime makes: each calls one function after the other, and is parked
 * in between, as a spare thread. Nothing here is called by servers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define RETRY_NS	1000000L

/**
 * struct umcg_rt_thread - a call of a function in a thread
 * @entry:	what the worker is to be
 * @mask:	signals blocked, as the caller of umcg_rt_spawn() had it
 * @join:	done when @fn is
 * @exited:	by pthread_exit(), or cancelled: pthread_join() of @pthread has the value
 * @stack_size: at least
 * @refs:	the thread's, and the one of umcg_rt_join() or umcg_rt_detach()
 * @detached:	nobody is to join it
 * @next:	handles of the runtime, under its lock; as is @prev
 */
struct umcg_rt_thread {
	struct umcg_rt *rt;
	struct entry entry;
	sigset_t mask;
	void *(*fn)(void *arg);
	void *arg;
	struct umcg_join join;
	pthread_t pthread;
	size_t stack_size;
	bool exited;
	__u32 refs;
	__u32 detached;
	struct umcg_rt_thread *next, *prev;
};

/**
 * struct spare - a thread of the runtime's, on its own stack
 * @next:	on the list of spare threads, under the runtime's lock
 * @thread:	what it does, or is to do; NULL while it is spare
 * @dies:	it is to end instead
 */
struct spare {
	struct spare *next;
	struct umcg_rt *rt;
	struct umcg_rt_thread *thread;
	struct record *record;
	size_t stack_size;
	pthread_t pthread;
	__u32 tid;
	__u32 dies;
};

/* ---- handles ---------------------------------------------------------------- */

static void handle_add(struct umcg_rt_thread *t)
{
	struct umcg_rt *rt = t->rt;

	umcg_mutex_lock(&rt->lock);
	t->next = rt->handles;
	if (t->next)
		t->next->prev = t;
	rt->handles = t;
	umcg_mutex_unlock(&rt->lock);
}

static void handle_put(struct umcg_rt_thread *t)
{
	struct umcg_rt *rt = t->rt;

	if (__atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL))
		return;
	umcg_mutex_lock(&rt->lock);
	if (t->prev)
		t->prev->next = t->next;
	else
		rt->handles = t->next;
	if (t->next)
		t->next->prev = t->prev;
	umcg_mutex_unlock(&rt->lock);
	free(t);
}

void rt_handles_free(struct umcg_rt *rt)
{
	struct umcg_rt_thread *t;

	while ((t = rt->handles)) {
		rt->handles = t->next;
		free(t);
	}
}

/* ---- the thread ------------------------------------------------------------- */

/* As pthread_create() would have it for a new one. */
static void take_over(const struct umcg_rt_thread *t)
{
	pthread_sigmask(SIG_SETMASK, &t->mask, NULL);
	if (t->entry.name[0])
		prctl(PR_SET_NAME, t->entry.name, 0, 0, 0);
}

/* The thread ends without coming back: pthread_exit(), or it was cancelled. */
static void exited(void *arg)
{
	struct umcg_rt_thread *t = arg;

	t->exited = true;
	/* who detaches after this does that for us */
	if (__atomic_exchange_n(&t->detached, 1, __ATOMIC_ACQ_REL))
		pthread_detach(pthread_self());
	umcg_join_done(&t->join, NULL);
	handle_put(t);
}

static void call(struct umcg_rt_thread *t, void **value)
{
	pthread_cleanup_push(exited, t);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	*value = t->fn(t->arg);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
	pthread_cleanup_pop(0);
}

struct returned {
	struct umcg_rt_thread *thread;
	void *value;
};

static void cancelled_late(void *arg)
{
	struct returned *r = arg;

	pthread_detach(pthread_self());
	umcg_join_done(&r->thread->join, r->value);
	handle_put(r->thread);
}

/*
 * It was to be cancelled, and has returned before it came to that. Nobody can take that
 * back, and it is not for whoever gets this thread next: so it ends.
 */
static void end_if_cancelled(struct umcg_rt_thread *t, void *value)
{
	struct returned r = { t, value };

	pthread_cleanup_push(cancelled_late, &r);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cleanup_pop(0);
}

/* From here on umcg_rt_spawn() may find it. False: there are enough. */
static bool spare_add(struct spare *sp)
{
	struct umcg_rt *rt = sp->rt;
	bool room;

	umcg_mutex_lock(&rt->lock);
	room = rt->spare_count < rt->spare_max;
	if (room) {
		sp->next = rt->spares;
		rt->spares = sp;
		rt->spare_count++;
	}
	umcg_mutex_unlock(&rt->lock);
	return room;
}

/* Parks until there is something to do; NULL: the runtime is being destroyed. */
static struct umcg_rt_thread *next_call(const struct spare *sp)
{
	struct self *self = rt_self();
	struct umcg_rt_thread *t;

	while (!(t = __atomic_load_n(&sp->thread, __ATOMIC_ACQUIRE)) &&
	       !__atomic_load_n(&sp->dies, __ATOMIC_ACQUIRE))
		rt_self_wait(self, 0, 0);
	if (!t)
		return NULL;
	self->thread = t;
	/* woken before it had parked: no server has seen yet who this is now */
	while (__atomic_load_n(&sp->record->renew, __ATOMIC_ACQUIRE))
		rt_self_yield(self);
	return t;
}

/*
 * What @t did is done. The thread is on the list of the spare before anybody is told, so
 * who spawns after a join finds it; and it says that it ends as the last, so when no
 * worker is left all spare threads are on that list.
 */
static struct umcg_rt_thread *finish(struct spare *sp, struct umcg_rt_thread *t, void *value)
{
	bool kept;

	sp->thread = NULL;
	kept = spare_add(sp);
	umcg_join_done(&t->join, value);
	handle_put(t);
	if (!kept) {
		pthread_detach(sp->pthread);
		return NULL;
	}
	__atomic_store_n(&sp->record->ending, 1, __ATOMIC_RELEASE);
	return next_call(sp);
}

static void enter(struct umcg_rt_thread *t)
{
	const struct timespec soon = { .tv_nsec = RETRY_NS };

	/* there is a place for us; but who had it may still be on his way out */
	while (rt_self_enter(t->rt, &t->entry, t))
		clock_nanosleep(CLOCK_MONOTONIC, 0, &soon, NULL);
}

static void *thread_main(void *arg)
{
	struct umcg_rt_thread *t = arg;
	struct spare sp = {
		.rt = t->rt,
		.stack_size = t->stack_size,
		.pthread = pthread_self(),
		.tid = (__u32)gettid(),
	};
	void *value;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	take_over(t);
	enter(t);
	sp.record = rt_self()->record;
	while (t) {
		t->pthread = sp.pthread;
		call(t, &value);
		end_if_cancelled(t, value);
		t = finish(&sp, t, value);
		if (t)
			take_over(t);
	}
	rt_self_leave();
	return NULL;
}

void rt_threads_end(struct umcg_rt *rt)
{
	struct spare *sp, *next;
	pthread_t pthread;

	umcg_mutex_lock(&rt->lock);
	sp = rt->spares;
	rt->spares = NULL;
	umcg_mutex_unlock(&rt->lock);
	for (; sp; sp = next) {
		__u32 tid = sp->tid;

		/* it is on the thread's own stack */
		next = sp->next;
		pthread = sp->pthread;
		__atomic_store_n(&sp->dies, 1, __ATOMIC_RELEASE);
		umcg_wake(rt->group, tid);
		pthread_join(pthread, NULL);
	}
	for (struct umcg_rt_thread *t = rt->handles; t; t = t->next)
		if (t->exited)
			pthread_join(t->pthread, NULL);
	rt_handles_free(rt);
}

/* ---- spawning --------------------------------------------------------------- */

static size_t stack_size(const struct umcg_rt_thread_attr *attr)
{
	size_t size = attr ? attr->stack_size : 0, page = (size_t)sysconf(_SC_PAGESIZE);
	pthread_attr_t defaults;

	if (!size) {
		pthread_attr_init(&defaults);
		pthread_attr_getstacksize(&defaults, &size);
		pthread_attr_destroy(&defaults);
	}
	if (size < (size_t)PTHREAD_STACK_MIN)
		size = (size_t)PTHREAD_STACK_MIN;
	return (size + page - 1) / page * page;
}

static int start(struct umcg_rt_thread *t)
{
	pthread_attr_t attr;
	pthread_t pthread;
	int error;

	if (!rt_reserve_thread(t->rt))
		return -EAGAIN;
	pthread_attr_init(&attr);
	error = pthread_attr_setstacksize(&attr, t->stack_size);
	if (!error)
		error = pthread_create(&pthread, &attr, thread_main, t);
	pthread_attr_destroy(&attr);
	if (error)
		rt_release_thread(t->rt);
	return -error;
}

/* A spare thread with stack enough, off the list. */
static struct spare *spare_take(struct umcg_rt *rt, size_t stack)
{
	struct spare **link, *sp;

	umcg_mutex_lock(&rt->lock);
	for (link = &rt->spares; (sp = *link); link = &sp->next)
		if (sp->stack_size >= stack)
			break;
	if (sp) {
		*link = sp->next;
		rt->spare_count--;
	}
	umcg_mutex_unlock(&rt->lock);
	return sp;
}

/* The thread may be through with it, and @sp gone, when it has seen @t. */
static void reuse(struct spare *sp, struct umcg_rt_thread *t)
{
	struct umcg_group *g = t->rt->group;
	__u32 tid = sp->tid;

	__atomic_store_n(&sp->record->renew, &t->entry, __ATOMIC_RELEASE);
	__atomic_store_n(&sp->thread, t, __ATOMIC_RELEASE);
	umcg_wake(g, tid);
}

static struct umcg_rt_thread *handle_new(struct umcg_rt *rt,
					 const struct umcg_rt_thread_attr *attr,
					 void *(*fn)(void *), void *arg, bool wanted)
{
	struct umcg_rt_thread *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->rt = rt;
	t->fn = fn;
	t->arg = arg;
	t->stack_size = stack_size(attr);
	t->refs = wanted ? 2 : 1;
	t->detached = !wanted;
	rt_entry_fill(&t->entry, attr, true);
	pthread_sigmask(SIG_SETMASK, NULL, &t->mask);
	return t;
}

UMCG_PUBLIC int umcg_rt_spawn(struct umcg_rt *rt, struct umcg_rt_thread **out,
			      const struct umcg_rt_thread_attr *attr,
			      void *(*fn)(void *), void *arg)
{
	struct umcg_rt_thread *t;
	struct spare *sp;
	int error = 0, saved = errno;

	if (!rt_is_ours(rt))
		return -ESHUTDOWN;
	if (!fn || (attr && attr->flags))
		return -EINVAL;
	t = handle_new(rt, attr, fn, arg, out);
	if (!t) {
		errno = saved;
		return -ENOMEM;
	}
	handle_add(t);
	rt_worker_comes(rt);
	/* it may be through, and detached, before we are back */
	if (out)
		*out = t;
	sp = spare_take(rt, t->stack_size);
	if (sp)
		reuse(sp, t);
	else
		error = start(t);
	if (error) {
		rt_worker_gone(rt);
		t->refs = 1;
		handle_put(t);
		if (out)
			*out = NULL;
	}
	errno = saved;
	return error;
}

/* ---- joining ---------------------------------------------------------------- */

UMCG_PUBLIC int umcg_rt_join(struct umcg_rt_thread *t, void **value)
{
	struct self *self;
	void *result;

	if (!rt_is_ours(t->rt))
		return -ESHUTDOWN;
	self = rt_self();
	if (self && self->thread == t)
		return -EDEADLK;
	umcg_join_wait(&t->join, &result, 0);
	if (t->exited)
		pthread_join(t->pthread, &result);
	if (value)
		*value = result;
	handle_put(t);
	return 0;
}

UMCG_PUBLIC int umcg_rt_detach(struct umcg_rt_thread *t)
{
	if (!rt_is_ours(t->rt))
		return -ESHUTDOWN;
	/* it has ended, and left that to us */
	if (__atomic_exchange_n(&t->detached, 1, __ATOMIC_ACQ_REL))
		pthread_detach(t->pthread);
	handle_put(t);
	return 0;
}
