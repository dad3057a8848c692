// SPDX-License-Identifier: GPL-2.0-only
/*
 * group.c - groups: whose they are, who is in them, which servers are idle
 *
 * A group belongs to the process that opened it: to its thread group *and* its
 * address space. Either alone is not enough: a child of posix_spawn() shares the
 * address space, a process after exec the thread group.
 */
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/rculist.h>
#include <linux/rhashtable.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "umcg.h"

static atomic_t last_id = ATOMIC_INIT(0);

/* Tids are given out in turn: that spreads them over the table well enough. */
static u32 tid_hash(const void *data, u32 len, u32 seed)
{
	return *(const u32 *)data * GOLDEN_RATIO_32;
}

static int tid_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct umcg_thread *thread = obj;

	return thread->tid != *(const u32 *)arg->key;
}

static const struct rhashtable_params tids_params = {
	.key_len = sizeof_field(struct umcg_thread, tid),
	.key_offset = offsetof(struct umcg_thread, tid),
	.head_offset = offsetof(struct umcg_thread, tid_node),
	.hashfn = tid_hash,
	.obj_cmpfn = tid_differs,
	.automatic_shrinking = true,
};

struct umcg_group *umcg_group_create(void)
{
	struct umcg_group *group;
	int ret;

	if (!current->mm)
		return ERR_PTR(-EPERM);
	group = kvzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);
	if (!group)
		return ERR_PTR(-ENOMEM);

	kref_init(&group->ref);
	group->id = atomic_inc_return(&last_id);
	raw_spin_lock_init(&group->lock);
	INIT_LIST_HEAD(&group->threads);
	INIT_LIST_HEAD(&group->servers);
	INIT_LIST_HEAD(&group->idle);
	INIT_LIST_HEAD(&group->zombies);
	umcg_poll_init(group);
	group->tgid = get_pid(task_tgid(current));
	group->mm = current->mm;
	mmgrab(group->mm);

	ret = rhashtable_init(&group->tids, &tids_params);
	if (ret)
		goto out_free;
	ret = umcg_slots_init(group);
	if (ret)
		goto out_tids;
	return group;

out_tids:
	umcg_slots_destroy(group);
	rhashtable_destroy(&group->tids);
out_free:
	mmdrop(group->mm);
	put_pid(group->tgid);
	kvfree(group);
	return ERR_PTR(ret);
}

static void group_free(struct kref *ref)
{
	struct umcg_group *group = container_of(ref, struct umcg_group, ref);
	struct umcg_thread *thread, *next;

	list_for_each_entry_safe(thread, next, &group->zombies, zombie_node) {
		list_del(&thread->zombie_node);
		umcg_thread_put(thread);
	}
	irq_work_sync(&group->poll_work);
	rhashtable_destroy(&group->tids);
	umcg_slots_destroy(group);
	mmdrop(group->mm);
	put_pid(group->tgid);
	kvfree(group);
}

/* Process context: the last put sleeps. */
void umcg_group_put(struct umcg_group *group)
{
	kref_put(&group->ref, group_free);
}

/* Makes @thread known. After this others may reach it. */
int umcg_group_add(struct umcg_group *group, struct umcg_thread *thread)
{
	int ret;

	ret = rhashtable_insert_fast(&group->tids, &thread->tid_node,
				     tids_params);
	if (ret)
		return ret == -EEXIST ? -EEXIST : -ENOMEM;

	raw_spin_lock_irq(&group->lock);
	if (group->ended) {
		ret = -ESHUTDOWN;
	} else {
		list_add_tail_rcu(&thread->thread_node, &group->threads);
		if (thread->is_server)
			list_add_tail(&thread->server_node, &group->servers);
	}
	raw_spin_unlock_irq(&group->lock);

	if (ret)
		rhashtable_remove_fast(&group->tids, &thread->tid_node,
				       tids_params);
	return ret;
}

/* Process context. Whoever has found @thread before may use it under RCU. */
void umcg_group_remove(struct umcg_thread *thread)
{
	struct umcg_group *group = thread->group;

	rhashtable_remove_fast(&group->tids, &thread->tid_node, tids_params);
	raw_spin_lock_irq(&group->lock);
	list_del_rcu(&thread->thread_node);
	raw_spin_unlock_irq(&group->lock);
}

/* Under RCU (disabled preemption will do), and good only as long. */
struct umcg_thread *umcg_group_find(struct umcg_group *group, u32 tid)
{
	return rhashtable_lookup_fast(&group->tids, &tid, tids_params);
}

static void release(struct umcg_thread *thread)
{
	struct umcg_wakes wakes = {};
	unsigned long flags;
	bool add = false;

	preempt_disable();
	raw_spin_lock_irqsave(&thread->lock, flags);
	if (!thread->released && thread->state != UMCG_TASK_NONE) {
		WRITE_ONCE(thread->released, true);
		umcg_remote_locked(thread, &add);
		umcg_wakes_add(&wakes, thread);
	}
	raw_spin_unlock_irqrestore(&thread->lock, flags);
	if (add)
		umcg_remote_add(thread);
	umcg_wakes_run(&wakes);
	preempt_enable();
}

/*
 * Process context. Every thread becomes a plain one: those that are held or
 * waiting at once, the others when they next pass the boundary to user mode.
 */
void umcg_group_end(struct umcg_group *group)
{
	struct umcg_thread *thread;
	bool ended;

	raw_spin_lock_irq(&group->lock);
	ended = group->ended;
	WRITE_ONCE(group->ended, true);
	raw_spin_unlock_irq(&group->lock);
	if (ended)
		return;

	atomic_or(UMCG_EV_EXIT, (atomic_t *)&umcg_slot_of(group, 0)->events);
	umcg_poll_notify(group);
	rcu_read_lock();
	list_for_each_entry_rcu(thread, &group->threads, thread_node)
		release(thread);
	rcu_read_unlock();
}

/*
 * A server with nothing to run is found by whoever queues a worker: on its own
 * list through @idle, on the group's through @group->idle. Both are published
 * under the lock under which the other side pushes, and the server looks at the
 * lists after that: either it sees the worker or it is seen itself.
 */
void umcg_idle_begin(struct umcg_thread *server)
{
	struct umcg_group *group = server->group;

	raw_spin_lock_irq(&group->lock);
	list_add(&server->idle_node, &group->idle);
	raw_spin_lock(&server->lock);
	server->idle = true;
	umcg_slot_state(server, UMCG_TF_IDLE);
	raw_spin_unlock(&server->lock);
	raw_spin_unlock_irq(&group->lock);
}

/*
 * One that was chosen when it had made up its mind to leave, for a signal or its
 * timeout, may not look at the lists for long: another one is told as well.
 */
void umcg_idle_end(struct umcg_thread *server, int error)
{
	struct umcg_group *group = server->group;
	struct umcg_wakes wakes = {};

	preempt_disable();
	raw_spin_lock_irq(&group->lock);
	if (error && list_empty(&server->idle_node))
		umcg_idle_wake_locked(group, &wakes);
	list_del_init(&server->idle_node);
	raw_spin_lock(&server->lock);
	server->idle = false;
	umcg_slot_state(server, 0);
	raw_spin_unlock(&server->lock);
	raw_spin_unlock_irq(&group->lock);
	umcg_wakes_run(&wakes);
	preempt_enable();
}

/*
 * Chooses one idle server that nobody else has woken, and marks it. Under
 * @group->lock. One that has a reason to return already is passed over and
 * taken off, so no server is looked at twice.
 */
bool umcg_idle_wake_locked(struct umcg_group *group, struct umcg_wakes *wakes)
{
	struct umcg_thread *server, *next;
	bool found = false;

	list_for_each_entry_safe(server, next, &group->idle, idle_node) {
		list_del_init(&server->idle_node);
		raw_spin_lock(&server->lock);
		if (!server->pending) {
			WRITE_ONCE(server->pending, true);
			umcg_wakes_add(wakes, server);
			found = true;
		}
		raw_spin_unlock(&server->lock);
		if (found)
			break;
	}
	return found;
}
