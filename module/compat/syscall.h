/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where in its system call is a thread?
 *
 * On x86 the entry code stores -ENOSYS as the return value, and the real one
 * when the call is over (arch/x86/entry/common.c). So a thread in a system call
 * whose return value reads -ENOSYS is still in the middle of it. A call that
 * really returns ENOSYS is taken for one that is not over, which costs it no
 * more than a signal that waits until the worker is scheduled.
 */
#ifndef _UMCG_COMPAT_SYSCALL_H
#define _UMCG_COMPAT_SYSCALL_H

#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>

/*
 * The number of the system call, or -1 in an exception or interrupt. @task is
 * current, or asleep and lives.
 */
static inline int compat_syscall_nr(struct task_struct *task)
{
	return syscall_get_nr(task, task_pt_regs(task));
}

static inline bool compat_in_mid_call(void)
{
	return compat_syscall_nr(current) != -1 &&
	       task_pt_regs(current)->ax == (unsigned long)-ENOSYS;
}

#endif
