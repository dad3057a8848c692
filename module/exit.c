// SPDX-License-Identifier: GPL-2.0-only
/*
 * exit.c - a registered thread leaves: it unregisters, exits, calls exec, or its
 * group has ended
 *
 * It always leaves in its own context, from a task work, @exit, which may sleep:
 * the probes of exit and exec, which may not, only queue it. It comes in two
 * parts. From leave() on nobody starts, kicks or wakes the thread. Then the works
 * that others had claimed before have to run; when none is left, finish() takes
 * the thread apart.
 */
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rculist.h>
#include <linux/sched/task.h>

#include "compat/task_work.h"
#include "compat/tracepoint.h"
#include "trace.h"
#include "umcg.h"

static struct tracepoint *exit_point;
static struct tracepoint *exec_point;

/* Process context of @self, or a probe in it. */
void umcg_exit_arm(struct umcg_thread *self)
{
	preempt_disable();
	if (!test_and_set_bit(UMCG_CLAIM_EXIT, &self->claims) &&
	    compat_run_before_user(current, &self->exit))
		clear_bit(UMCG_CLAIM_EXIT, &self->claims);
	preempt_enable();
}

int umcg_unregister(struct umcg_thread *self)
{
	int ret = self->is_server ? 0 : umcg_pass_hold(self);

	if (!ret)
		umcg_exit_arm(self);
	return ret;
}

/*
 * The server of a worker that exits hears of it; if it has none, a list does. So
 * does it if the server may run several: two can exit before it looks.
 */
static void leave_worker(struct umcg_thread *self)
{
	struct umcg_wakes wakes = {};
	struct umcg_thread *server;
	bool told = false;

	preempt_disable();
	raw_spin_lock_irq(&self->lock);
	server = self->state == UMCG_TASK_RUNNING ? self->server : NULL;
	trace_umcg_unregister(self, server);
	WRITE_ONCE(self->state, UMCG_TASK_NONE);
	self->parked = false;
	umcg_slot_state(self, 0);
	if (server) {
		self->server = NULL;
		umcg_slot_event(self, UMCG_EV_EXIT);
		raw_spin_lock(&server->lock);
		umcg_tell_locked(server, self, UMCG_CUR_EXIT);
		if (server->dead) {
			self->lease = server;
		} else if (!server->corpse && !server->multi) {
			WRITE_ONCE(server->corpse, self->index);
			self->slot_kept = true;
			told = true;
		}
		umcg_wakes_add(&wakes, server);
		raw_spin_unlock(&server->lock);
	}
	if (!told && !self->released) {
		umcg_bury(self, self->home, UMCG_EV_EXIT, &wakes);
		self->zombie = true;
	}
	raw_spin_unlock_irq(&self->lock);
	umcg_wakes_run(&wakes);
	preempt_enable();
}

/*
 * No more workers are queued on @self after this, and none starts under it.
 * Those that run hold a reference each, which they will put as their lease.
 */
static struct umcg_thread *close_server(struct umcg_thread *self)
{
	struct umcg_group *group = self->group;
	struct umcg_thread *heir;
	u32 i;

	raw_spin_lock_irq(&group->lock);
	list_del_init(&self->server_node);
	list_del_init(&self->idle_node);
	heir = list_first_entry_or_null(&group->servers, struct umcg_thread,
					server_node);
	if (heir)
		umcg_thread_get(heir);
	raw_spin_lock(&self->lock);
	trace_umcg_unregister(self, NULL);
	WRITE_ONCE(self->dead, true);
	WRITE_ONCE(self->state, UMCG_TASK_NONE);
	self->idle = false;
	umcg_slot_state(self, 0);
	for (i = 0; i < self->nrunning; i++)
		umcg_thread_get(self);
	raw_spin_unlock(&self->lock);
	raw_spin_unlock_irq(&group->lock);
	return heir;
}

static void kick_one_of(struct umcg_thread *server, struct umcg_thread *worker)
{
	struct umcg_wakes wakes = {};

	preempt_disable();
	umcg_kick_worker(worker, server, 0, &wakes);
	umcg_wakes_run(&wakes);
	preempt_enable();
}

/*
 * Those that run under it queue themselves for other servers. A server with MULTI
 * keeps no list of them, and a group may be large: preemption is off for one only.
 */
static void kick_all_of(struct umcg_thread *server)
{
	struct umcg_thread *worker;

	rcu_read_lock();
	if (!server->multi) {
		raw_spin_lock_irq(&server->lock);
		worker = umcg_runner_locked(server);
		raw_spin_unlock_irq(&server->lock);
		if (worker)
			kick_one_of(server, worker);
	} else {
		list_for_each_entry_rcu(worker, &server->group->threads, thread_node)
			if (!worker->is_server)
				kick_one_of(server, worker);
	}
	rcu_read_unlock();
}

static void leave_server(struct umcg_thread *self)
{
	struct umcg_wakes wakes = {};
	struct umcg_thread *heir;

	heir = close_server(self);
	kick_all_of(self);
	if (heir && !READ_ONCE(self->released)) {
		preempt_disable();
		local_irq_disable();
		umcg_bury(self, heir, UMCG_EV_EXIT | UMCG_EV_REHOMED, &wakes);
		local_irq_enable();
		self->zombie = true;
		umcg_wakes_run(&wakes);
		preempt_enable();
	}

	if (heir)
		umcg_thread_put(heir);
	else
		umcg_group_end(self->group);
}

/* Process context of @self; nobody else holds on to it but by reference. */
static void finish(struct umcg_thread *self)
{
	struct umcg_group *group = self->group;

	umcg_group_remove(self);
	preempt_disable();
	preempt_notifier_unregister(&self->notifier);
	preempt_enable();
	if (self->is_server) {
		irq_work_sync(&self->irq_work);
		hrtimer_cancel(&self->slice_timer);
		/* Its heir may want to look at cur: kept as long as its own. */
		if (!self->zombie)
			umcg_slot_free(group, self->corpse);
	} else {
		hrtimer_cancel(&self->timer);
		hrtimer_cancel(&self->hold_timer);
		umcg_lease_put(self);
		if (self->home)
			umcg_thread_put(self->home);
	}

	/*
	 * Nobody wakes it or adds works to it any more. The object may stay for as
	 * long as user space likes; the task, which is much larger, does not.
	 */
	put_task_struct(self->task);
	self->task = NULL;
	if (self->zombie) {
		umcg_thread_get(self);
		umcg_zombie_add(self);
	} else if (!self->slot_kept) {
		umcg_slot_free(group, self->index);
	}
	umcg_hooks_put();
	umcg_thread_put(self);
	umcg_group_put(group);
	module_put(THIS_MODULE);
}

/*
 * The first pass leaves. Works that are queued or claimed run before the next:
 * they are in the batch that task_work_run() has in hand, or in front of us.
 */
void umcg_exit_fn(struct callback_head *head)
{
	struct umcg_thread *self = container_of(head, struct umcg_thread, exit);

	if (READ_ONCE(self->state) != UMCG_TASK_NONE) {
		if (self->is_server)
			leave_server(self);
		else
			leave_worker(self);
	}
	if (READ_ONCE(self->claims) & ~BIT(UMCG_CLAIM_EXIT)) {
		compat_run_before_user(current, &self->exit);
		return;
	}
	finish(self);
}

COMPAT_EXIT_PROBE(exit_probe)
{
	struct umcg_thread *self = umcg_current();

	if (self)
		umcg_exit_arm(self);
}

COMPAT_EXEC_PROBE(exec_probe)
{
	struct umcg_thread *self = umcg_current();

	if (self)
		umcg_exit_arm(self);
}

static void find_point(struct tracepoint *point, void *data)
{
	if (!strcmp(point->name, "sched_process_exit"))
		exit_point = point;
	else if (!strcmp(point->name, "sched_process_exec"))
		exec_point = point;
}

int umcg_exit_init(void)
{
	for_each_kernel_tracepoint(find_point, NULL);
	if (exit_point && exec_point)
		return 0;
	pr_err("umcg: this kernel has no scheduler tracepoints (CONFIG_TRACEPOINTS)\n");
	return -EOPNOTSUPP;
}

int umcg_exit_hooks_arm(void)
{
	int ret;

	ret = tracepoint_probe_register(exit_point, exit_probe, NULL);
	if (ret)
		return ret;
	ret = tracepoint_probe_register(exec_point, exec_probe, NULL);
	if (ret)
		tracepoint_probe_unregister(exit_point, exit_probe, NULL);
	return ret;
}

void umcg_exit_hooks_disarm(void)
{
	tracepoint_probe_unregister(exec_point, exec_probe, NULL);
	tracepoint_probe_unregister(exit_point, exit_probe, NULL);
}
