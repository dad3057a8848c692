// SPDX-License-Identifier: GPL-2.0-only
/*
 * sleep.c - sleeping in the module, and waking exactly that sleep
 *
 * A wake-up meant for our sleep that hits another one would cut that short:
 * rt_sigtimedwait(), for one, then returns EAGAIN. So the waker decides under
 * the sleeper's lock, where @in_wait tells whether it sleeps here, and counts
 * itself in @wakers; the wake-up follows when the locks are dropped, and the
 * sleeper does not leave before all that have decided are done. They have
 * preemption disabled from the decision to the end, so it waits for a few
 * instructions of another CPU at most.
 */
#include <linux/cgroup.h>
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/sched/rt.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat/wake.h"
#include "umcg.h"

/* Under @thread->lock, preemption disabled before it was taken. */
void umcg_wakes_add(struct umcg_wakes *wakes, struct umcg_thread *thread)
{
	if (thread->is_server ? !thread->sleeping : !thread->in_wait)
		return;
	atomic_inc(&thread->wakers);
	wakes->thread[wakes->count++] = thread;
}

/* No lock held, preemption still disabled. */
void umcg_wakes_run(struct umcg_wakes *wakes)
{
	unsigned int i;

	for (i = 0; i < wakes->count; i++) {
		struct umcg_thread *thread = wakes->thread[i];

		if (i == 0 && wakes->here)
			compat_wake_here(thread->task);
		else
			wake_up_process(thread->task);
		/* After this the sleeper may go, and its object with it. */
		atomic_dec_return_release(&thread->wakers);
	}
}

/*
 * A thread that gives its turn away and has it back soon, as two that answer each
 * other have, need not leave the run queue for that: it goes behind its heir, by
 * yield_to(). If it is its turn again when it gets the CPU it never slept.
 *
 * That is not for nothing. As long as it is runnable it is taken for somebody who
 * wants the CPU; who runs it on another one has to wait; and whoever yields forfeits
 * the rest of its slice, for a thread that does so after every few microseconds nearly
 * all, to whoever else wants that CPU. So only those do it whose turn has come back at
 * once several times in a row, and only where no stranger has had the CPU lately.
 */
#define AT_ONCE		4	/* turns that were given away on that CPU since */
#define OFTEN		3
#define LATELY		(HZ / 100 + 1)	/* a slice of each side, at least */

struct cpu_turns {
	u32 count;
	u32 stranger;		/* jiffies */
};

static DEFINE_PER_CPU(struct cpu_turns, turns);

/* What follows may be preempted, and be on another CPU then: it is a guess in any case. */
bool umcg_turn_comes_back(const struct umcg_thread *self)
{
	return self->turn_returns >= OFTEN &&
	       (u32)jiffies - this_cpu_read(turns.stranger) > LATELY;
}

void umcg_turn_ends(struct umcg_thread *self)
{
	self->turn_cpu = raw_smp_processor_id();
	self->turn_tick = jiffies;
	self->turn = this_cpu_inc_return(turns.count);
}

void umcg_turn_begins(struct umcg_thread *self)
{
	if (self->turn_cpu != raw_smp_processor_id() ||
	    this_cpu_read(turns.count) - self->turn > AT_ONCE ||
	    (u32)jiffies - self->turn_tick > 1)
		self->turn_returns = 0;
	else if (self->turn_returns < OFTEN)
		self->turn_returns++;
}

/* In sched_out. What the kernel has to do is soon done, but others may want more. */
void umcg_switched_to(const struct umcg_thread *self, struct task_struct *next)
{
	struct umcg_thread *thread;

	if (next->flags & PF_KTHREAD)
		return;
	thread = umcg_of(next);
	if (!thread || thread->group != self->group)
		this_cpu_write(turns.stranger, jiffies);
}

static bool may_yield(struct task_struct *heir)
{
	return !rt_task(current) && READ_ONCE(heir->on_rq) &&
	       task_cpu(heir) == raw_smp_processor_id();
}

static bool is_my_turn(const struct umcg_thread *self)
{
	if (self->is_server)
		return READ_ONCE(self->pending);
	return READ_ONCE(self->state) == UMCG_TASK_RUNNING;
}

/*
 * The caller is about to sleep, and has woken @self->heir, who runs instead. When it
 * comes here again it has been given the turn, or really goes to sleep.
 */
void umcg_sleep_lazily(struct umcg_thread *self)
{
	struct task_struct *heir = self->heir;
	unsigned long switches = current->nivcsw;

	if (!heir)
		return;
	if (need_resched())
		schedule();
	else if (may_yield(heir))
		yield_to(heir, false);
	/* Unless the scheduler had it that nobody else ran: it waited in vain. */
	if (current->nivcsw != switches && !is_my_turn(self))
		self->turn_returns = 0;
	self->heir = NULL;
	put_task_struct(heir);
}

void umcg_sleep_end(struct umcg_thread *self)
{
	raw_spin_lock_irq(&self->lock);
	self->in_wait = false;
	self->sleeping = false;
	raw_spin_unlock_irq(&self->lock);
	while (atomic_read_acquire(&self->wakers))
		cpu_relax();
}

/*
 * In the middle of a call the freezer takes us where we are, or it would wait for
 * us; it tries only once, and if we were not there yet we go to it ourselves.
 * Elsewhere it is let wake us, as v2's does: then we are away, and who would run us
 * is told so.
 */
static unsigned int task_state(enum umcg_sleep_mode mode)
{
	if (mode == UMCG_SLEEP_MID_CALL)
		return TASK_INTERRUPTIBLE | TASK_FREEZABLE;
	return TASK_INTERRUPTIBLE;
}

/*
 * Work for the thread, io_uring's for the most part, is announced like a
 * signal. A hold lets it through and comes back, see umcg_hold(). WAIT leaves
 * TIF_NOTIFY_SIGNAL alone: it is what gets its system call restarted.
 */
static int interrupted(struct umcg_thread *self, enum umcg_sleep_mode mode)
{
	/* In the cgroup freezer's trap, which has to be left in its own way. */
	if (cgroup_task_frozen(current))
		return -EINTR;
	if (!signal_pending(current))
		return 0;
	if (umcg_signal_wants(self, mode))
		return -EINTR;
	if (!test_thread_flag(TIF_NOTIFY_SIGNAL))
		return 0;
	if (mode == UMCG_SLEEP_WAIT)
		return -EINTR;
	clear_notify_signal();
	if (mode == UMCG_SLEEP_HOLD)
		return -EAGAIN;
	self->notify_hidden = true;
	return 0;
}

/*
 * Sleeps until @self is RUNNING or released (0), a signal wants attention
 * (-EINTR), or other work does (-EAGAIN). umcg_sleep_begin_locked() was called
 * in the section that made @self stop.
 */
int umcg_sleep_until_run(struct umcg_thread *self, enum umcg_sleep_mode mode)
{
	int ret;

	for (;;) {
		ret = interrupted(self, mode);
		set_current_state(task_state(mode));
		if (READ_ONCE(self->state) == UMCG_TASK_RUNNING ||
		    READ_ONCE(self->released)) {
			ret = 0;
			break;
		}
		if (ret)
			break;
		if (mode == UMCG_SLEEP_MID_CALL && freezing(current))
			__refrigerator(false);
		else
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	umcg_sleep_end(self);
	/* In a call of our own there is nothing to restart. */
	if (mode != UMCG_SLEEP_WAIT || self->sig_hidden || self->notify_hidden)
		umcg_signal_unhide(self);
	return ret;
}
