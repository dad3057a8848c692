/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm_flags_mod() came with "mm: introduce vma->vm_flags wrapper functions"
 * (6.3); vm_flags is not written directly since.
 */
#ifndef _UMCG_COMPAT_VMA_H
#define _UMCG_COMPAT_VMA_H

#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set,
				vm_flags_t clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

#endif
