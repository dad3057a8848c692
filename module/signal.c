// SPDX-License-Identifier: GPL-2.0-only
/*
 * signal.c - signals to a worker that is held
 *
 * A held worker leaves the module when a signal wants attention: the kernel then
 * stops it, lets its debugger look at it, kills it, or builds the frame of a
 * handler. None of that is user code of the worker. But it must be back in the
 * hold before it returns to user mode, whatever get_signal() did. Two probes see
 * to that:
 *
 *	dequeue_signal		get_signal() has looked for a signal. It may be gone
 *				(another thread has taken it), be ignored, or lead
 *				to a handler: the worker is held again in each case.
 *	signal_setup_done	a frame was built, also for a signal that was not
 *				dequeued there (a fault's).
 *
 * What sleeps in get_signal(), a stop or a trap, is held again by sched_in when
 * it wakes. Both probes are plain kprobes and so hold nothing that can run out.
 *
 * One frame is built in one hold. Further signals with a handler stay pending,
 * hidden from the sleep by clearing TIF_SIGPENDING, until the worker runs again;
 * or a flood of them would fill the stack of a worker that cannot run.
 */
#include <linux/freezer.h>
#include <linux/kprobes.h>
#include <linux/sched/jobctl.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>

#include "umcg.h"

static bool has_default_stop(void)
{
	static const int signals[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	struct sighand_struct *sighand = current->sighand;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		int sig = signals[i];

		if (!sigismember(&current->pending.signal, sig) &&
		    !sigismember(&current->signal->shared_pending.signal, sig))
			continue;
		if (sigismember(&current->blocked, sig))
			continue;
		if (sighand->action[sig - 1].sa.sa_handler == SIG_DFL)
			return true;
	}
	return false;
}

/* Under siglock: is there more to do than to build another frame? */
static bool wants_despite_frame(void)
{
	if (current->jobctl & (JOBCTL_PENDING_MASK | JOBCTL_TRAP_FREEZE))
		return true;
	return current->ptrace || has_default_stop();
}

/*
 * Does a signal need @self to leave its sleep? One that another thread has taken
 * in the meantime does not.
 */
bool umcg_signal_wants(struct umcg_thread *self)
{
	struct sighand_struct *sighand = current->sighand;
	bool wants = false;

	if (!test_thread_flag(TIF_SIGPENDING))
		return false;
	if (fatal_signal_pending(current) || freezing(current))
		return true;

	spin_lock_irq(&sighand->siglock);
	recalc_sigpending();
	if (test_thread_flag(TIF_SIGPENDING)) {
		wants = !self->frame || wants_despite_frame();
		if (!wants) {
			clear_thread_flag(TIF_SIGPENDING);
			self->sig_hidden = true;
		}
	}
	spin_unlock_irq(&sighand->siglock);
	return wants;
}

void umcg_signal_unhide(struct umcg_thread *self)
{
	if (!self->sig_hidden)
		return;
	self->sig_hidden = false;
	spin_lock_irq(&current->sighand->siglock);
	recalc_sigpending();
	spin_unlock_irq(&current->sighand->siglock);
}

/* Preemption disabled; siglock held and interrupts off. */
static int dequeue_probe(struct kprobe *probe, struct pt_regs *regs)
{
	struct umcg_thread *self = umcg_current();

	if (!self || self->is_server)
		return 0;
	self->restart_eintr = task_pt_regs(current)->ax ==
			      (unsigned long)-ERESTARTNOHAND;
	umcg_hold_arm(self);
	return 0;
}

/*
 * Under @self->lock: a WAIT that was left for a signal is not continued, a
 * handler will run. It returns EINTR then, or, if the kernel has set up its
 * restart already, it is called again: its target was started before, so it
 * only parks. If the worker had been woken, that wake-up is kept as the token,
 * or it would be lost to the WAIT that follows. A wake-up that comes after this
 * must become the token itself, so the worker is parked no longer, though it is
 * its hold that queues it.
 */
static void drop_wait_locked(struct umcg_thread *self)
{
	if (!self->parked && !self->wait_result)
		self->token = true;
	self->parked = false;
	if (!self->restart_eintr)
		self->resume_next = READ_ONCE(self->slot->next_tid);
	self->restart = false;
}

/* Context as above, but without siglock. */
static int frame_probe(struct kprobe *probe, struct pt_regs *regs)
{
	struct umcg_thread *self = umcg_current();
	unsigned long flags;

	if (!self)
		return 0;
	raw_spin_lock_irqsave(&self->lock, flags);
	if (self->is_server) {
		self->restart = false;
	} else {
		if (self->restart)
			drop_wait_locked(self);
		if (self->state != UMCG_TASK_RUNNING)
			self->frame = true;
	}
	raw_spin_unlock_irqrestore(&self->lock, flags);
	if (!self->is_server)
		umcg_hold_arm(self);
	return 0;
}

static struct kprobe dequeue = {
	.symbol_name = "dequeue_signal",
	.pre_handler = dequeue_probe,
};

static struct kprobe frame = {
	.symbol_name = "signal_setup_done",
	.pre_handler = frame_probe,
};

int umcg_signal_arm(void)
{
	struct kprobe *probes[] = { &dequeue, &frame };
	int ret;

	/* A kprobe is not to be registered again as it was left. */
	dequeue.addr = NULL;
	dequeue.flags = 0;
	frame.addr = NULL;
	frame.flags = 0;
	ret = register_kprobes(probes, ARRAY_SIZE(probes));
	if (ret) {
		pr_warn("umcg: cannot probe the delivery of signals (%d); is kernel.kprobes or kernel.ftrace disabled?\n",
			ret);
		return -EOPNOTSUPP;
	}
	return 0;
}

void umcg_signal_disarm(void)
{
	struct kprobe *probes[] = { &dequeue, &frame };

	unregister_kprobes(probes, ARRAY_SIZE(probes));
}
