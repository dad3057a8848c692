/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running a function in another thread on its way to user mode.
 *
 * task_work_add() is exported by Debian's kernels ("export-symbols-needed-by-
 * binder.patch"), not by mainline. A second way, for kernels that do not export
 * it, belongs here.
 */
#ifndef _UMCG_COMPAT_TASK_WORK_H
#define _UMCG_COMPAT_TASK_WORK_H

#include <linux/sched/signal.h>
#include <linux/task_work.h>

/* @task runs @work before its next instruction in user mode. */
static inline int compat_run_before_user(struct task_struct *task,
					 struct callback_head *work)
{
	return task_work_add(task, work, TWA_RESUME);
}

#endif
