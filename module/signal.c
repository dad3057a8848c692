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
#include <asm/syscall.h>

#include "trace.h"
#include "umcg.h"

/* Only exec changes it, in current's own context. */
static struct sighand_struct *my_sighand(void)
{
	return rcu_dereference_raw(current->sighand);
}

/*
 * A stop, or the end with a core dump: both take this thread to begin. The masks
 * that a call in progress will put back count as well (io_uring_enter(), KVM_RUN):
 * with what they block we would not pass get_signal(), and not be held again.
 */
static bool has_default_action(void)
{
	struct sighand_struct *sighand = my_sighand();
	sigset_t set;
	int sig;

	sigorsets(&set, &current->pending.signal,
		  &current->signal->shared_pending.signal);
	sigandnsets(&set, &set, &current->blocked);
	sigandnsets(&set, &set, &current->real_blocked);
	if (test_restore_sigmask())
		sigandnsets(&set, &set, &current->saved_sigmask);
	for (sig = 1; sig <= _NSIG; sig++)
		if (sigismember(&set, sig) && !sig_kernel_ignore(sig) &&
		    sighand->action[sig - 1].sa.sa_handler == SIG_DFL)
			return true;
	return false;
}

/*
 * Under siglock: is there something to do that cannot wait until @self runs? At
 * the return to user mode that is everything but a second frame. In the middle of
 * a call only what is bound to take us to get_signal(), where we are held again.
 */
static bool wants(struct umcg_thread *self, enum umcg_sleep_mode mode)
{
	if (current->jobctl & (JOBCTL_PENDING_MASK | JOBCTL_TRAP_FREEZE))
		return true;
	if (mode != UMCG_SLEEP_MID_CALL &&
	    (!READ_ONCE(self->frame) || current->ptrace || freezing(current)))
		return true;
	return has_default_action();
}

/*
 * Does a signal need @self to leave its sleep? One that another thread has taken
 * in the meantime does not.
 */
bool umcg_signal_wants(struct umcg_thread *self, enum umcg_sleep_mode mode)
{
	struct sighand_struct *sighand = my_sighand();
	bool ret = false;

	if (!test_thread_flag(TIF_SIGPENDING))
		return false;
	/* Looked at without siglock, as all of the kernel does. */
	if (data_race(fatal_signal_pending(current)))
		return true;

	/* The freezer is heard of by the flag, which it sets under this lock. */
	spin_lock_irq(&sighand->siglock);
	recalc_sigpending();
	if (test_thread_flag(TIF_SIGPENDING)) {
		ret = wants(self, mode);
		if (!ret) {
			clear_thread_flag(TIF_SIGPENDING);
			self->sig_hidden = true;
		}
	}
	spin_unlock_irq(&sighand->siglock);
	return ret;
}

/*
 * A call that is to be restarted needs a flag which leads it there. The hold may
 * run before that, in ptrace_notify() at the exit of the call, and clear it: for
 * other work, or because the signal was stolen.
 */
static bool wants_restart(void)
{
	struct pt_regs *regs = task_pt_regs(current);

	if (syscall_get_nr(current, regs) == -1)
		return false;
	switch (syscall_get_error(current, regs)) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		return true;
	}
	return false;
}

void umcg_signal_unhide(struct umcg_thread *self)
{
	/*
	 * Set, not recalculated: that could clear what has just made us leave, and
	 * then nobody would hold us again. For nothing it does no harm.
	 */
	if (self->sig_hidden || wants_restart())
		set_thread_flag(TIF_SIGPENDING);
	if (self->notify_hidden)
		set_thread_flag(TIF_NOTIFY_SIGNAL);
	self->sig_hidden = false;
	self->notify_hidden = false;
}

/*
 * Does the kernel have a WAIT to restart, or has it set that up already? Looked at
 * before signals are taken: in the hold, for a synchronous one is taken past
 * dequeue_signal(), and there, for the hold comes only once before several.
 */
void umcg_signal_look(struct umcg_thread *self)
{
	self->restart_eintr = task_pt_regs(current)->ax ==
			      (unsigned long)-ERESTARTNOHAND;
}

/* Preemption disabled; siglock held and interrupts off. */
static int dequeue_probe(struct kprobe *probe, struct pt_regs *regs)
{
	struct umcg_thread *self = umcg_current();

	if (!self || self->is_server)
		return 0;
	umcg_signal_look(self);
	umcg_hold_arm(self);
	return 0;
}

/*
 * Under @self->lock: a WAIT that was left for a signal is not continued, a
 * handler will run. It returns EINTR then, or, if the kernel has set up its
 * restart already, it is called again: its target was started before, so it
 * only parks. If the worker had parked and been woken, that wake-up is kept as
 * the token, or it would be lost to the WAIT that follows; and so is one that
 * comes from now on: it is no longer parked.
 */
static void drop_wait_locked(struct umcg_thread *self)
{
	if (self->wait_parks && !self->parked && !self->wait_result)
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
		trace_umcg_frame(self);
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

/*
 * The kernel takes probes which it then never calls: while kernel.ftrace_enabled is
 * 0, or all kprobes are switched off in debugfs. A probe on a function of ours tells.
 */
/*
 * Not static: gcc 12, when it counts lines as well, takes a flag all of whose
 * writers it sees for a constant.
 */
bool umcg_canary_sings;

static int canary_probe(struct kprobe *probe, struct pt_regs *regs)
{
	WRITE_ONCE(umcg_canary_sings, true);
	return 0;
}

static noinline __noclone void canary_call(void)
{
	barrier();
}

static struct kprobe canary = {
	.addr = (kprobe_opcode_t *)canary_call,
	.pre_handler = canary_probe,
};

static struct kprobe *probes[] = { &dequeue, &frame, &canary };

static int try_arm(void)
{
	int ret;

	/* A kprobe is not to be registered again as it was left. */
	dequeue.addr = NULL;
	dequeue.flags = 0;
	frame.addr = NULL;
	frame.flags = 0;
	canary.addr = (kprobe_opcode_t *)canary_call;
	canary.flags = 0;
	ret = register_kprobes(probes, ARRAY_SIZE(probes));
	if (ret)
		return ret;
	WRITE_ONCE(umcg_canary_sings, false);
	canary_call();
	if (READ_ONCE(umcg_canary_sings))
		return 0;
	unregister_kprobes(probes, ARRAY_SIZE(probes));
	return -ENXIO;
}

int umcg_signal_arm(void)
{
	int ret = try_arm();

	if (ret) {
		pr_warn_ratelimited("umcg: cannot probe the delivery of signals (%d); is kernel.kprobes or kernel.ftrace disabled?\n",
				    ret);
		return -EOPNOTSUPP;
	}
	return 0;
}

void umcg_signal_disarm(void)
{
	unregister_kprobes(probes, ARRAY_SIZE(probes));
}
