// SPDX-License-Identifier: GPL-2.0-only
/*
 * block.c - a worker leaves the CPU, and comes back
 *
 * sched_out: run queue locked, interrupts off. Our locks are leaves; nobody is
 * woken, nothing is allocated or put. The server is woken from a hard irq_work,
 * which says nothing: it looks at what is true then.
 * sched_in: preemption disabled, interrupts on, no lock. Every switch-out has
 * a switch-in, so no worker passes by it.
 */
#include <linux/irq_work.h>
#include <linux/preempt.h>

#include "compat/blocked.h"
#include "compat/syscall.h"
#include "trace.h"
#include "umcg.h"

/*
 * Under @worker's lock: it is RUNNING, and asleep. In sched_out its server is
 * woken by the irq_work; elsewhere there are @wakes to add it to.
 */
void umcg_block_locked(struct umcg_thread *worker, struct umcg_wakes *wakes)
{
	struct umcg_thread *server = worker->server;

	umcg_slot_blocked(worker, compat_syscall_nr(worker->task));
	trace_umcg_block(worker, server);
	WRITE_ONCE(worker->state, UMCG_TASK_BLOCKED);
	worker->server = NULL;
	umcg_slot_state(worker, 0);

	raw_spin_lock(&server->lock);
	umcg_tell_locked(server, worker, UMCG_CUR_BLOCK);
	if (server->dead)
		worker->lease = server;
	else if (wakes)
		umcg_wakes_add(wakes, server);
	else if (server->sleeping)
		irq_work_queue(&server->irq_work);
	raw_spin_unlock(&server->lock);
}

static void sleeps_locked(struct umcg_thread *self)
{
	if (self->state == UMCG_TASK_RUNNABLE) {
		trace_umcg_away(self, true);
		self->away = true;
	} else if (self->state == UMCG_TASK_RUNNING) {
		WRITE_ONCE(self->asleep, umcg_section_hides_locked(self));
		if (!self->asleep)
			umcg_block_locked(self, NULL);
	}
}

static void sched_out(struct preempt_notifier *notifier,
		      struct task_struct *next)
{
	struct umcg_thread *self = container_of(notifier, struct umcg_thread,
						notifier);

	umcg_switched_to(self, next);
	if (self->is_server || READ_ONCE(self->in_wait) || !compat_current_sleeps())
		return;

	raw_spin_lock(&self->lock);
	sleeps_locked(self);
	raw_spin_unlock(&self->lock);
}

/*
 * @away and @asleep are set and cleared here only, so they can be looked at
 * without the lock. The state that was changed while we slept, by a kick that
 * found us asleep, is to be read after the lock was held.
 */
static void sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct umcg_thread *self = container_of(notifier, struct umcg_thread,
						notifier);

	if (self->is_server || READ_ONCE(self->in_wait))
		return;
	if (self->away || self->asleep) {
		raw_spin_lock_irq(&self->lock);
		if (self->away)
			trace_umcg_away(self, false);
		self->away = false;
		WRITE_ONCE(self->asleep, false);
		raw_spin_unlock_irq(&self->lock);
	}
	umcg_hold_arm(self);
}

struct preempt_ops umcg_preempt_ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

/* Hard interrupt. The server cannot go before irq_work_sync() in its exit. */
void umcg_server_irq_work(struct irq_work *work)
{
	struct umcg_thread *server = container_of(work, struct umcg_thread,
						  irq_work);
	struct umcg_wakes wakes = {};

	raw_spin_lock(&server->lock);
	if (server->pending)
		umcg_wakes_add(&wakes, server);
	raw_spin_unlock(&server->lock);
	umcg_wakes_run(&wakes);
}
