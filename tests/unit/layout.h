/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface as it was promised: what compiled programs rely on. Included by
 * everything that headers.sh compiles, so it holds for C and C++, 64 and 32 bits.
 */
#ifndef UMCG_TEST_LAYOUT_H
#define UMCG_TEST_LAYOUT_H

#include <stddef.h>
#include <umcg.h>

#ifdef __cplusplus
#define LAYOUT(what)	static_assert(what, #what)
#else
#define LAYOUT(what)	_Static_assert(what, #what)
#endif

/* the slot */
LAYOUT(offsetof(struct umcg_task, state) == 0);
LAYOUT(offsetof(struct umcg_task, next_tid) == 4);
LAYOUT(offsetof(struct umcg_task, server_tid) == 8);
LAYOUT(offsetof(struct umcg_task, tid) == 12);
LAYOUT(offsetof(struct umcg_task, blocked_ts) == 16);
LAYOUT(offsetof(struct umcg_task, runnable_ts) == 24);
LAYOUT(offsetof(struct umcg_task, events) == 32);
LAYOUT(offsetof(struct umcg_task, link) == 36);
LAYOUT(offsetof(struct umcg_task, head) == 40);
LAYOUT(offsetof(struct umcg_task, cur) == 44);
LAYOUT(offsetof(struct umcg_task, user) == 48);
LAYOUT(offsetof(struct umcg_task, section) == 56);
LAYOUT(offsetof(struct umcg_task, gen) == 60);
LAYOUT(sizeof(struct umcg_task) == 64);

/* the arguments: no holes, the same for 32-bit programs on a 64-bit kernel */
LAYOUT(sizeof(struct umcg_query) == 40);
LAYOUT(offsetof(struct umcg_query, features) == 8);
LAYOUT(offsetof(struct umcg_query, map_size) == 16);
LAYOUT(offsetof(struct umcg_query, slot_stride) == 24);
LAYOUT(offsetof(struct umcg_query, slots_max) == 28);
LAYOUT(offsetof(struct umcg_query, slice_min_ns) == 32);
LAYOUT(sizeof(struct umcg_register) == 48);
LAYOUT(offsetof(struct umcg_register, server_tid) == 8);
LAYOUT(offsetof(struct umcg_register, slot) == 12);
LAYOUT(offsetof(struct umcg_register, user) == 16);
LAYOUT(offsetof(struct umcg_register, slice_ns) == 24);
LAYOUT(offsetof(struct umcg_register, reserved) == 32);
LAYOUT(sizeof(struct umcg_wait) == 16);
LAYOUT(sizeof(struct umcg_wake) == 8);
LAYOUT(sizeof(struct umcg_kick) == 8);

/* the numbers */
LAYOUT(UMCG_IOC_QUERY == 0x0000e100);
LAYOUT(UMCG_IOC_REGISTER == 0xc030e101);
LAYOUT(UMCG_IOC_UNREGISTER == 0x0000e102);
LAYOUT(UMCG_IOC_WAIT == 0x4010e103);
LAYOUT(UMCG_IOC_WAKE == 0x4008e104);
LAYOUT(UMCG_IOC_KICK == 0x4008e105);

/* the RFC's states; the parts of a word do not overlap */
LAYOUT(UMCG_TASK_NONE == 0 && UMCG_TASK_RUNNING == 1);
LAYOUT(UMCG_TASK_RUNNABLE == 2 && UMCG_TASK_BLOCKED == 3);
LAYOUT((UMCG_TASK_MASK & (UMCG_TF_PARKED | UMCG_TF_IDLE)) == 0);
LAYOUT((UMCG_TID_RUNNING & UMCG_TID_MASK) == 0);
LAYOUT((UMCG_CUR_SLOT_MASK ^ UMCG_CUR_WHY_MASK) == 0xffffffff);

#endif /* UMCG_TEST_LAYOUT_H */
