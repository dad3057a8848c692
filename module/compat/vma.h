/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm_flags_set() came with commit bc292ab00f6c ("mm: introduce vma->vm_flags
 * wrapper functions", 6.3), which made vm_flags constant.
 */
#ifndef _UMCG_COMPAT_VMA_H
#define _UMCG_COMPAT_VMA_H

#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

#endif
