/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does the task that is being switched out sleep, or was it preempted?
 *
 * Before 6.12 a sleeping task has left the run queue by the time the preempt
 * notifiers are called. Delayed dequeue ("sched/fair: Implement delayed
 * dequeue", 6.12) may keep it there, marked se.sched_delayed.
 */
#ifndef _UMCG_COMPAT_BLOCKED_H
#define _UMCG_COMPAT_BLOCKED_H

#include <linux/sched.h>
#include <linux/version.h>

/*
 * Waiting for a spinning lock, as PREEMPT_RT does it, is no block. It may be over
 * when we look: TASK_WAKING, which then says that of every sleep.
 */
#ifdef CONFIG_PREEMPT_RT
#define COMPAT_NO_SLEEP		(TASK_DEAD | TASK_RTLOCK_WAIT | TASK_WAKING)
#else
#define COMPAT_NO_SLEEP		TASK_DEAD
#endif

/*
 * Called by sched_out with the run queue locked: on_rq and sched_delayed are
 * stable. __state is not, a waker may set TASK_WAKING, but it is not zero then.
 */
static inline bool compat_current_sleeps(void)
{
	unsigned int state = READ_ONCE(current->__state);

	if (!state || (state & COMPAT_NO_SLEEP))
		return false;
	if (!READ_ONCE(current->on_rq))
		return true;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return current->se.sched_delayed;
#else
	return false;
#endif
}

#endif
