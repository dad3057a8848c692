/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel must have: fails the build with a sentence that says what. */
#ifndef _UMCG_COMPAT_REQUIRE_H
#define _UMCG_COMPAT_REQUIRE_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "umcg: needs Linux 6.1 or later"
#endif
#ifndef CONFIG_X86_64
#error "umcg: only x86-64 is supported"
#endif
#ifndef CONFIG_PREEMPT_NOTIFIERS
#error "umcg: needs a kernel with CONFIG_PREEMPT_NOTIFIERS (CONFIG_KVM selects it)"
#endif
#ifndef CONFIG_TRACEPOINTS
#error "umcg: needs a kernel with CONFIG_TRACEPOINTS"
#endif
#ifndef CONFIG_KPROBES
#error "umcg: needs a kernel with CONFIG_KPROBES"
#endif
#ifdef CONFIG_SCHED_PROXY_EXEC
#error "umcg: CONFIG_SCHED_PROXY_EXEC hides who blocks; needs a kernel without it"
#endif

#endif
