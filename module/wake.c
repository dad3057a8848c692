// SPDX-License-Identifier: GPL-2.0-only
/*
 * wake.c - WAKE and KICK, by any thread of the process
 *
 * Process context, but for umcg_remote_locked() and umcg_remote_add(), which may
 * be called anywhere: what another thread is to do itself, stop or become a
 * plain one, is handed to it as a task work of its own, @remote. Claimed under
 * its lock, added with preemption disabled: its owner, who does not go before
 * the claim is cleared, waits for a few instructions at most.
 */
#include <linux/sched.h>

#include "compat/task_work.h"
#include "umcg.h"

#define UMCG_KICK_TRIES		16

/* Under @thread->lock, preemption disabled before. Sets @add if to be added. */
void umcg_remote_locked(struct umcg_thread *thread, bool *add)
{
	*add = !test_and_set_bit(UMCG_CLAIM_REMOTE, &thread->claims);
}

/* No lock held, preemption still disabled. */
void umcg_remote_add(struct umcg_thread *thread)
{
	/* It has left its exit behind: nothing is queued, nothing is needed. */
	if (compat_run_before_user(thread->task, &thread->remote))
		clear_bit(UMCG_CLAIM_REMOTE, &thread->claims);
}

/* Process context of the thread. */
void umcg_remote_fn(struct callback_head *head)
{
	struct umcg_thread *self = container_of(head, struct umcg_thread,
						remote);
	struct umcg_wakes wakes = {};

	/* Whoever finds the claim free after this is seen by a new pass. */
	clear_bit(UMCG_CLAIM_REMOTE, &self->claims);
	/* The claim before what it was for: see umcg_remote_locked(). */
	smp_mb__after_atomic();
	if (READ_ONCE(self->released)) {
		umcg_exit_arm(self);
		return;
	}
	/* A leaver's slot may be another's by now. */
	if (self->is_server || READ_ONCE(self->state) == UMCG_TASK_NONE)
		return;

	umcg_home_refresh(self);
	preempt_disable();
	raw_spin_lock_irq(&self->lock);
	if (self->state == UMCG_TASK_RUNNING && self->kick_run == self->run &&
	    !umcg_section_defers_locked(self))
		umcg_preempt_locked(self, &wakes);
	self->kick_slice = false;
	raw_spin_unlock_irq(&self->lock);
	umcg_wakes_run(&wakes);
	preempt_enable();
	/* Now: somebody may start us before we come to the hold. */
	umcg_lease_put(self);
	umcg_hold_arm(self);
}

/*
 * Preemption disabled, also in a hard interrupt. Preempts @worker, if it runs
 * (under @server, if given); @slice_run: because the time of that run is over,
 * 0 if it is for something else.
 */
int umcg_kick_worker(struct umcg_thread *worker, struct umcg_thread *server,
		     u32 slice_run, struct umcg_wakes *wakes)
{
	unsigned long flags;
	bool add = false;
	int ret = -EAGAIN;

	raw_spin_lock_irqsave(&worker->lock, flags);
	if (worker->state == UMCG_TASK_NONE) {
		ret = -ESRCH;
	} else if (worker->state == UMCG_TASK_RUNNING &&
		   (!server || worker->server == server) &&
		   (!slice_run || worker->run == slice_run)) {
		ret = 0;
		if (worker->asleep) {
			umcg_block_locked(worker, wakes);
		} else {
			worker->kick_run = worker->run;
			worker->kick_slice |= slice_run != 0;
			umcg_remote_locked(worker, &add);
		}
	}
	raw_spin_unlock_irqrestore(&worker->lock, flags);
	if (add)
		umcg_remote_add(worker);
	return ret;
}

static int kick_server(struct umcg_thread *server)
{
	struct umcg_wakes wakes = {};
	int ret = 0;

	raw_spin_lock_irq(&server->lock);
	if (server->dead) {
		ret = -ESRCH;
	} else {
		WRITE_ONCE(server->pending, true);
		umcg_slot_event(server, UMCG_EV_PREEMPT);
		umcg_wakes_add(&wakes, server);
		umcg_poll_notify(server->group);
	}
	raw_spin_unlock_irq(&server->lock);
	umcg_wakes_run(&wakes);
	return ret;
}

/*
 * A turn can go from worker to worker: whoever had it when we looked may have handed
 * it on, and that is no moment in which nobody has it. Workers that do nothing else
 * could go on so for ever.
 */
static int kick_current(struct umcg_thread *server, struct umcg_wakes *wakes)
{
	struct umcg_thread *worker;
	unsigned int tries;
	bool dead;

	for (tries = 0; tries < UMCG_KICK_TRIES; tries++) {
		raw_spin_lock_irq(&server->lock);
		worker = umcg_runner_locked(server);
		dead = server->dead;
		raw_spin_unlock_irq(&server->lock);
		if (dead)
			return -ESRCH;
		if (!worker)
			break;
		if (!umcg_kick_worker(worker, server, 0, wakes))
			return 0;
	}
	return -EAGAIN;
}

static int kick(struct umcg_thread *thread, u32 flags, struct umcg_wakes *wakes)
{
	if (!thread)
		return -ESRCH;
	if (flags & UMCG_KICK_CURRENT)
		return thread->is_server ? kick_current(thread, wakes) : -EINVAL;
	if (thread->is_server)
		return kick_server(thread);
	return umcg_kick_worker(thread, NULL, 0, wakes);
}

int umcg_kick(struct umcg_group *group, const struct umcg_kick *args)
{
	struct umcg_wakes wakes = {};
	int ret;

	preempt_disable();
	ret = kick(umcg_group_find(group, args->tid), args->flags, &wakes);
	umcg_wakes_run(&wakes);
	preempt_enable();
	return ret;
}

static int wake_worker(struct umcg_thread *worker, struct umcg_wakes *wakes)
{
	int ret;

	raw_spin_lock_irq(&worker->lock);
	if (worker->state == UMCG_TASK_NONE) {
		ret = -ESRCH;
	} else if (worker->parked) {
		umcg_queue_locked(worker, UMCG_EV_WAKE, wakes);
		ret = 0;
	} else {
		worker->token = true;
		ret = 1;
	}
	raw_spin_unlock_irq(&worker->lock);
	return ret;
}

static int wake_idle_server(struct umcg_group *group, struct umcg_wakes *wakes)
{
	bool found;

	raw_spin_lock_irq(&group->lock);
	found = umcg_idle_wake_locked(group, wakes);
	raw_spin_unlock_irq(&group->lock);
	return found ? 0 : -EAGAIN;
}

int umcg_wake(struct umcg_group *group, const struct umcg_wake *args)
{
	struct umcg_wakes wakes = {};
	struct umcg_thread *thread;
	int ret;

	preempt_disable();
	if (!args->tid) {
		ret = wake_idle_server(group, &wakes);
	} else {
		thread = umcg_group_find(group, args->tid);
		if (!thread)
			ret = -ESRCH;
		else if (thread->is_server)
			ret = -EINVAL;
		else
			ret = wake_worker(thread, &wakes);
	}
	umcg_wakes_run(&wakes);
	preempt_enable();
	return ret;
}
