/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hrtimer_setup() came with "hrtimers: Introduce hrtimer_setup() to replace
 * hrtimer_init()" (6.13); hrtimer_init() went in 6.15.
 */
#ifndef _UMCG_COMPAT_HRTIMER_H
#define _UMCG_COMPAT_HRTIMER_H

#include <linux/hrtimer.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

#endif
