// SPDX-License-Identifier: MIT
/* The calling thread as a worker: becoming one, waiting as one, and leaving. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "internal.h"

#define NSEC_PER_SEC	1000000000ULL

/* initial-exec: touching it allocates nothing, also in a library that was loaded late */
static __thread struct self current __attribute__((tls_model("initial-exec")));

static void forget(void)
{
	umcg_sync_detach();
	current = (struct self){ .rt = NULL };
}

/* In a child of fork() the parent's worker is forgotten: its slot is not there. */
struct self *rt_self(void)
{
	if (current.rt && !rt_is_ours(current.rt))
		forget();
	return current.rt ? &current : NULL;
}

int rt_self_wait(const struct self *self, __u32 flags, __u64 timeout)
{
	/* a handler that waits in the middle of another's WAIT leaves the word as it was */
	__u32 before = umcg_next_tid(self->task);
	int error = umcg_run(self->rt->group, self->task, 0, flags, timeout);

	__atomic_store_n(&self->task->next_tid, before, __ATOMIC_RELAXED);
	return error;
}

/*
 * The turn goes to this server's own list, not to the group's, which would get an idle
 * server up. In a section, so that it is this server's until the WAIT, which ends it;
 * whoever runs the worker next takes the home back.
 */
void rt_self_yield(const struct self *self)
{
	struct umcg_task *server;

	__atomic_store_n(&self->record->yielding, 1, __ATOMIC_RELAXED);
	umcg_section_begin(self->task);
	server = umcg_slot(self->rt->group, UMCG_CUR_SLOT(umcg_cur(self->task)));
	__atomic_store_n(&self->task->server_tid,
			 __atomic_load_n(&server->tid, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
	rt_self_wait(self, UMCG_WAIT_ENQUEUE, 0);
	__atomic_store_n(&self->record->yielding, 0, __ATOMIC_RELAXED);
}

void rt_entry_fill(struct entry *entry, const struct umcg_rt_thread_attr *attr,
		   bool from_caller)
{
	memset(entry, 0, sizeof(*entry));
	if (attr && attr->name)
		memcpy(entry->name, attr->name, strnlen(attr->name, sizeof(entry->name) - 1));
	else if (from_caller)
		prctl(PR_GET_NAME, entry->name, 0, 0, 0);
	if (attr) {
		entry->priority = attr->priority;
		entry->deadline = attr->deadline;
		entry->user = attr->user;
	}
}

static __u32 first_home(struct umcg_rt *rt)
{
	__u32 n;

	if (!rt_preempts(rt))
		return 0;
	n = __atomic_fetch_add(&rt->next_home, 1, __ATOMIC_RELAXED) % rt->server_count;
	return rt->servers[n].tid;
}

int rt_self_enter(struct umcg_rt *rt, const struct entry *entry,
		  struct umcg_rt_thread *thread)
{
	struct umcg_register args = {
		.flags = UMCG_REG_WORKER | UMCG_REG_TIMESTAMPS,
		.clock = CLOCK_MONOTONIC,
		.server_tid = first_home(rt),
		.user = (uintptr_t)entry,
	};
	int error = umcg_register(rt->group, &args);

	if (error)
		return error == -ENOSPC ? -EAGAIN : error;
	current = (struct self){
		.rt = rt,
		.record = rt_record(rt, args.slot),
		.task = umcg_slot(rt->group, args.slot),
		.thread = thread,
	};
	umcg_sync_attach(rt->group, args.slot, UMCG_SYNC_TO_SERVER);
	return 0;
}

void rt_self_leave(void)
{
	struct umcg_group *g = current.rt->group;

	forget();
	umcg_unregister(g);
}

UMCG_PUBLIC int umcg_rt_enter(struct umcg_rt *rt, const struct umcg_rt_thread_attr *attr)
{
	struct entry entry;
	int error;

	if (!rt_is_ours(rt))
		return -ESHUTDOWN;
	if (attr && attr->flags)
		return -EINVAL;
	if (rt_self())
		return -EEXIST;
	if (!rt_reserve_thread(rt))
		return -EAGAIN;
	rt_worker_comes(rt);
	rt_entry_fill(&entry, attr, true);
	error = rt_self_enter(rt, &entry, NULL);
	if (error) {
		rt_worker_gone(rt);
		rt_release_thread(rt);
	} else if (attr && attr->name) {
		prctl(PR_SET_NAME, entry.name, 0, 0, 0);
	}
	return error;
}

UMCG_PUBLIC int umcg_rt_leave(void)
{
	struct self *self = rt_self();

	if (!self || self->thread)
		return -EPERM;
	rt_self_leave();
	return 0;
}

UMCG_PUBLIC struct umcg_rt *umcg_rt_self(void)
{
	struct self *self = rt_self();

	return self ? self->rt : NULL;
}

UMCG_PUBLIC int umcg_rt_yield(void)
{
	struct self *self = rt_self();

	if (!self)
		return -EPERM;
	rt_self_yield(self);
	return 0;
}

UMCG_PUBLIC int umcg_rt_sleep_until(__u64 when)
{
	struct timespec t = {
		.tv_sec = (time_t)(when / NSEC_PER_SEC),
		.tv_nsec = (long)(when % NSEC_PER_SEC),
	};
	struct self *self = rt_self();

	while (rt_now() < when)
		if (!self)
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		else
			rt_self_wait(self, 0, when);
	return 0;
}

UMCG_PUBLIC int umcg_rt_set_priority(int priority)
{
	struct self *self = rt_self();

	if (!self)
		return -EPERM;
	__atomic_store_n(&self->record->priority, priority, __ATOMIC_RELAXED);
	return 0;
}

UMCG_PUBLIC int umcg_rt_set_deadline(__u64 deadline)
{
	struct self *self = rt_self();

	if (!self)
		return -EPERM;
	__atomic_store_n(&self->record->deadline, deadline, __ATOMIC_RELAXED);
	return 0;
}
