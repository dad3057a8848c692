/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waking a thread so that it runs where the waker runs.
 *
 * try_to_wake_up() is not exported, default_wake_function() is. WF_CURRENT_CPU
 * came with "sched: add WF_CURRENT_CPU and externise ttwu" (6.6), and since "sched:
 * add a few helpers to wake up tasks on the current cpu" (6.6)
 * default_wake_function() passes it on; before that it warns about any flag but
 * WF_SYNC. The values are private to
 * kernel/sched/sched.h.
 */
#ifndef _UMCG_COMPAT_WAKE_H
#define _UMCG_COMPAT_WAKE_H

#include <linux/sched.h>
#include <linux/version.h>
#include <linux/wait.h>

#define COMPAT_WF_SYNC		0x10
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define COMPAT_WF_CURRENT_CPU	0x40
#else
#define COMPAT_WF_CURRENT_CPU	0
#endif

/* The waker is about to sleep: let @task have its CPU. */
static inline void compat_wake_here(struct task_struct *task)
{
	struct wait_queue_entry entry = { .private = task };

	default_wake_function(&entry, TASK_NORMAL,
			      COMPAT_WF_SYNC | COMPAT_WF_CURRENT_CPU, NULL);
}

#endif
