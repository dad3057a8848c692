// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold.c - a worker that was woken is held until somebody switches to it
 *
 * The hold is a task work: it runs on the worker's way to user mode. It can also
 * be run in the middle of a system call, by whoever runs task works there
 * (io_uring's wait, ptrace_notify, KVM's entry); the worker then waits in that
 * call, for all but what has to be seen to at once: a call that would not return
 * EINTR does not.
 *
 * umcg_hold_arm(): preemption disabled or not, also with siglock held.
 * Everything else: process context of the worker, no lock held, may sleep.
 */
#include <linux/sched/signal.h>
#include <linux/task_work.h>

#include "compat/syscall.h"
#include "compat/task_work.h"
#include "trace.h"
#include "umcg.h"

/* Long enough to be out of the task works, or at least to be seldom too early. */
#define LOOK_AGAIN_NS	50000

/*
 * Makes sure that @self, which is current and not RUNNING, passes the hold
 * before user mode. Claim and add are not interrupted by sched_in, which would
 * find the claim taken and the work not there.
 */
void umcg_hold_arm(struct umcg_thread *self)
{
	/* Pairs with umcg_start_locked(). */
	u8 state = smp_load_acquire(&self->state);

	if (state == UMCG_TASK_RUNNING || state == UMCG_TASK_NONE)
		return;
	preempt_disable();
	if (!test_and_set_bit(UMCG_CLAIM_HOLD, &self->claims) &&
	    compat_run_before_user(current, &self->hold))
		clear_bit(UMCG_CLAIM_HOLD, &self->claims);
	preempt_enable();
}

/* Ends the unmanaged time: the worker can be switched to from here on. */
static void become_runnable(struct umcg_thread *self)
{
	struct umcg_wakes wakes = {};

	umcg_home_refresh(self);
	preempt_disable();
	raw_spin_lock_irq(&self->lock);
	if (!self->released) {
		if (self->state == UMCG_TASK_BLOCKED) {
			trace_umcg_hold(self);
			WRITE_ONCE(self->state, UMCG_TASK_RUNNABLE);
			umcg_slot_runnable_ts(self);
			umcg_slot_state(self, 0);
			umcg_queue_locked(self, self->frame ?
					  UMCG_EV_WAKE | UMCG_EV_SIGNAL :
					  UMCG_EV_WAKE, &wakes);
		} else if (self->state == UMCG_TASK_RUNNABLE && self->frame &&
			   !self->queued) {
			umcg_queue_locked(self, UMCG_EV_SIGNAL, &wakes);
		}
	}
	umcg_sleep_begin_locked(self);
	raw_spin_unlock_irq(&self->lock);
	umcg_wakes_run(&wakes);
	preempt_enable();
}

/*
 * Hard interrupt. A hold in the middle of a call was left, for a stop perhaps that
 * SIGCONT has taken back since. If the call puts a signal mask back as it ends
 * (io_uring_enter(), KVM_RUN), that clears TIF_SIGPENDING, and the worker returns
 * to user mode past get_signal(), where it would be held again. So this looks
 * after it.
 */
enum hrtimer_restart umcg_hold_timer(struct hrtimer *timer)
{
	struct umcg_thread *self = container_of(timer, struct umcg_thread,
						hold_timer);
	bool add = false;

	raw_spin_lock(&self->lock);
	if ((self->state == UMCG_TASK_RUNNABLE ||
	     self->state == UMCG_TASK_BLOCKED) &&
	    !self->in_wait && !self->away)
		umcg_remote_locked(self, &add);
	raw_spin_unlock(&self->lock);
	if (add)
		umcg_remote_add(self);
	return HRTIMER_NORESTART;
}

/*
 * Holds @self until it is RUNNING or released. It can come back before that: for
 * a signal, the probes then see to it that it is held again (signal.c), and for
 * other work that was announced like a signal, which is let run first.
 */
int umcg_hold(struct umcg_thread *self, enum umcg_sleep_mode mode)
{
	int ret;

	umcg_lease_put(self);
	become_runnable(self);
	ret = umcg_sleep_until_run(self, mode);
	if (ret == -EAGAIN)
		umcg_hold_arm(self);
	else if (ret && mode == UMCG_SLEEP_MID_CALL)
		hrtimer_start(&self->hold_timer, LOOK_AGAIN_NS,
			      HRTIMER_MODE_REL_HARD);
	return ret;
}

/*
 * A thread of a process that dies or calls exec is in do_exit() before it is
 * PF_EXITING: it can come here from ptrace_event() or io_uring, and the SIGKILL is
 * dequeued by then. Nobody may be left to schedule it.
 */
static bool is_dying(void)
{
	return (current->flags & PF_EXITING) ||
	       (READ_ONCE(current->signal->flags) & SIGNAL_GROUP_EXIT) ||
	       READ_ONCE(current->signal->group_exec_task);
}

/*
 * The first pass goes to the end of the queue: what was queued before, the last
 * close of a file for example, must not wait for a server to schedule us.
 */
void umcg_hold_fn(struct callback_head *head)
{
	struct umcg_thread *self = container_of(head, struct umcg_thread, hold);
	bool others = head->next || task_work_pending(current);
	u8 state;

	clear_bit(UMCG_CLAIM_HOLD, &self->claims);
	umcg_signal_look(self);
	/* Pairs with umcg_start_locked(). */
	state = smp_load_acquire(&self->state);
	if (state == UMCG_TASK_RUNNING || state == UMCG_TASK_NONE ||
	    READ_ONCE(self->released) || is_dying()) {
		self->drained = false;
		return;
	}
	if (others && !self->drained) {
		self->drained = true;
		umcg_hold_arm(self);
		return;
	}
	self->drained = false;
	umcg_hold(self, compat_in_mid_call() ? UMCG_SLEEP_MID_CALL :
					       UMCG_SLEEP_HOLD);
}
