/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler's tracepoints are not exported: they are found by name, and
 * their probes are called with the prototype of the running kernel.
 *
 * sched_process_exit got its argument group_dead with commit 3e816361e94a
 * ("sched/tracepoints: Move and extend the sched_process_exit() tracepoint",
 * 6.16), which also moved it before exit_mm().
 * On 6.1 and 6.12 a probe runs with preemption disabled; later kernels may call
 * it preemptible. Neither may be relied on.
 */
#ifndef _UMCG_COMPAT_TRACEPOINT_H
#define _UMCG_COMPAT_TRACEPOINT_H

#include <linux/binfmts.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define COMPAT_EXIT_PROBE(name) \
	static void name(void *data, struct task_struct *task, bool group_dead)
#else
#define COMPAT_EXIT_PROBE(name) \
	static void name(void *data, struct task_struct *task)
#endif

#define COMPAT_EXEC_PROBE(name) \
	static void name(void *data, struct task_struct *task, pid_t old_pid, \
			 struct linux_binprm *bprm)

#endif
