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
#include <linux/sched/signal.h>

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
 * The caller is about to sleep, and has woken who runs instead. Whom that one may
 * preempt need not leave the run queue for it, nor be put there again if it is
 * soon its turn.
 */
void umcg_sleep_lazily(void)
{
	if (need_resched())
		schedule();
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
