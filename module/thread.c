// SPDX-License-Identifier: GPL-2.0-only
/*
 * thread.c - registration, and the life of what it makes
 *
 * Process context of the thread that registers, but for umcg_thread_put().
 */
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/uaccess.h>

#include "compat/hrtimer.h"
#include "compat/syscall.h"
#include "trace.h"
#include "umcg.h"

#define WORKER_FLAGS	(UMCG_REG_WORKER | UMCG_REG_TIMESTAMPS)
#define SERVER_FLAGS	(UMCG_REG_SERVER | UMCG_REG_NOTIFY | \
			 UMCG_REG_SHARED | UMCG_REG_MULTI)

static struct kmem_cache *thread_cache;

/*
 * The preempt notifiers of a task are its own business: only current walks or
 * changes its list, so this is safe in every context that belongs to a task. So it
 * is of a task that is switched to and does not run yet.
 */
struct umcg_thread *umcg_of(const struct task_struct *task)
{
	struct preempt_notifier *notifier;

	hlist_for_each_entry(notifier, &task->preempt_notifiers, link)
		if (notifier->ops == &umcg_preempt_ops)
			return container_of(notifier, struct umcg_thread,
					    notifier);
	return NULL;
}

static void thread_free_rcu(struct rcu_head *rcu)
{
	struct umcg_thread *thread = container_of(rcu, struct umcg_thread, rcu);

	if (thread->task)
		put_task_struct(thread->task);
	kmem_cache_free(thread_cache, thread);
}

static void thread_free(struct kref *ref)
{
	call_rcu(&container_of(ref, struct umcg_thread, ref)->rcu,
		 thread_free_rcu);
}

void umcg_thread_get(struct umcg_thread *thread)
{
	kref_get(&thread->ref);
}

/* Not under the run queue's lock: call_rcu() may wake. */
void umcg_thread_put(struct umcg_thread *thread)
{
	kref_put(&thread->ref, thread_free);
}

/* The worker's own context: puts the dead server that it ran under. */
void umcg_lease_put(struct umcg_thread *self)
{
	struct umcg_thread *lease = self->lease;

	self->lease = NULL;
	if (lease)
		umcg_thread_put(lease);
}

static int check(const struct umcg_register *args)
{
	u32 flags = args->flags;

	if (flags & UMCG_REG_SERVER) {
		if ((flags & ~SERVER_FLAGS) || args->server_tid)
			return -EINVAL;
	} else if (!(flags & UMCG_REG_WORKER) || (flags & ~WORKER_FLAGS)) {
		return -EINVAL;
	}
	if (args->slice_ns && (args->slice_ns < UMCG_SLICE_MIN_NS ||
			       args->slice_ns > KTIME_MAX >> 16))
		return -EINVAL;
	if (args->reserved[0] || args->reserved[1])
		return -EINVAL;
	switch (args->clock) {
	case CLOCK_MONOTONIC:
	case CLOCK_REALTIME:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return 0;
	}
	return -EINVAL;
}

/* Separate initialisers, so that lockdep knows two classes. */
static void init_server(struct umcg_thread *self, u32 flags)
{
	raw_spin_lock_init(&self->lock);
	self->is_server = true;
	self->state = UMCG_TASK_RUNNING;
	self->notify = flags & UMCG_REG_NOTIFY;
	self->shared = flags & UMCG_REG_SHARED;
	self->multi = flags & UMCG_REG_MULTI;
	self->irq_work = IRQ_WORK_INIT_HARD(umcg_server_irq_work);
	hrtimer_setup(&self->slice_timer, umcg_slice_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
	INIT_LIST_HEAD(&self->runners);
	INIT_LIST_HEAD(&self->server_node);
	INIT_LIST_HEAD(&self->idle_node);
}

/* A worker comes into being BLOCKED; its first hold makes it RUNNABLE. */
static void init_worker(struct umcg_thread *self)
{
	raw_spin_lock_init(&self->lock);
	self->state = UMCG_TASK_BLOCKED;
	self->blocked_in = compat_syscall_nr(current) & UMCG_BLOCKED_FAULT;
	hrtimer_setup(&self->timer, umcg_wait_timer, self->clock,
		      HRTIMER_MODE_ABS_HARD);
	hrtimer_setup(&self->hold_timer, umcg_hold_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
}

static struct umcg_thread *create(struct umcg_group *group,
				  const struct umcg_register *args)
{
	struct umcg_thread *self;
	int ret;

	self = kmem_cache_zalloc(thread_cache, GFP_KERNEL_ACCOUNT);
	if (!self)
		return ERR_PTR(-ENOMEM);
	self->group = group;
	self->tid = task_pid_vnr(current);
	umcg_clock_init(self, args->clock);
	self->slice_ns = args->slice_ns;
	self->timestamps = args->flags & UMCG_REG_TIMESTAMPS;
	if (args->flags & UMCG_REG_SERVER)
		init_server(self, args->flags);
	else
		init_worker(self);
	kref_init(&self->ref);
	init_task_work(&self->hold, umcg_hold_fn);
	init_task_work(&self->remote, umcg_remote_fn);
	init_task_work(&self->exit, umcg_exit_fn);
	preempt_notifier_init(&self->notifier, &umcg_preempt_ops);

	ret = umcg_slot_alloc(self);
	if (ret) {
		kmem_cache_free(thread_cache, self);
		return ERR_PTR(ret);
	}
	self->slot->tid = self->tid;
	self->slot->user = args->user;
	self->slot->server_tid = args->server_tid;
	umcg_slot_state(self, 0);
	self->task = get_task_struct(current);
	trace_umcg_register(self, args->flags);
	return self;
}

/* Before it was added to the group. */
static void destroy(struct umcg_thread *self)
{
	trace_umcg_unregister(self, NULL);
	self->state = UMCG_TASK_NONE;
	umcg_slot_state(self, 0);
	umcg_slot_free(self->group, self->index);
	if (self->home)
		umcg_thread_put(self->home);
	umcg_thread_put(self);
}

static int find_home(struct umcg_thread *self, u32 server_tid)
{
	if (!server_tid)
		return 0;
	self->slot->server_tid = server_tid;
	umcg_home_refresh(self);
	return self->home ? 0 : -ESRCH;
}

static int enter(struct umcg_thread *self)
{
	struct umcg_group *group = self->group;
	int ret;

	ret = umcg_group_add(group, self);
	if (ret)
		return ret;
	kref_get(&group->ref);
	__module_get(THIS_MODULE);
	preempt_disable();
	preempt_notifier_register(&self->notifier);
	preempt_enable();
	if (!self->is_server)
		umcg_hold_arm(self);
	return 0;
}

/*
 * It may know that its group has ended before it was told to leave, which it does on
 * its way to user mode: it goes there, and the call is made again.
 */
static int check_caller(void)
{
	struct umcg_thread *self = umcg_current();

	if (!self)
		return 0;
	if (!READ_ONCE(self->group->ended))
		return -EEXIST;
	umcg_exit_arm(self);
	set_thread_flag(TIF_NOTIFY_SIGNAL);
	return -ERESTARTNOINTR;
}

int umcg_register(struct umcg_group *group, struct umcg_register __user *uargs)
{
	struct umcg_register args;
	struct umcg_thread *self;
	int ret;

	if (copy_from_user(&args, uargs, sizeof(args)))
		return -EFAULT;
	ret = check(&args);
	if (ret)
		return ret;
	ret = check_caller();
	if (ret)
		return ret;
	if (READ_ONCE(group->ended))
		return -ESHUTDOWN;

	ret = umcg_hooks_get();
	if (ret)
		return ret;
	self = create(group, &args);
	if (IS_ERR(self)) {
		ret = PTR_ERR(self);
		goto out_hooks;
	}
	ret = find_home(self, args.server_tid);
	if (!ret && put_user(self->index, &uargs->slot))
		ret = -EFAULT;
	if (!ret)
		ret = enter(self);
	if (!ret)
		return 0;

	destroy(self);
out_hooks:
	umcg_hooks_put();
	return ret;
}

int umcg_threads_init(void)
{
	thread_cache = KMEM_CACHE(umcg_thread, SLAB_ACCOUNT);
	return thread_cache ? 0 : -ENOMEM;
}

void umcg_threads_exit(void)
{
	kmem_cache_destroy(thread_cache);
}
