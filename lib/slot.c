// SPDX-License-Identifier: MIT
/*
 * Reading words which the kernel writes. Acquire, with the kernel's release: what
 * it wrote before, such as the timestamps before the state, is then seen as well.
 */
#include "internal.h"

UMCG_PUBLIC __u32 umcg_state(const struct umcg_task *t)
{
	return __atomic_load_n(&t->state, __ATOMIC_ACQUIRE);
}

UMCG_PUBLIC __u32 umcg_cur(const struct umcg_task *t)
{
	return __atomic_load_n(&t->cur, __ATOMIC_ACQUIRE);
}

UMCG_PUBLIC __u32 umcg_next_tid(const struct umcg_task *t)
{
	return __atomic_load_n(&t->next_tid, __ATOMIC_ACQUIRE);
}

UMCG_PUBLIC __u32 umcg_events(struct umcg_task *self)
{
	/*
	 * The usual answer is nothing, and a read leaves the cache line shared.
	 * An event set after it is not lost: its server is not let to sleep on it.
	 */
	if (!(__atomic_load_n(&self->events, __ATOMIC_RELAXED) & ~UMCG_EV_QUEUED))
		return 0;
	return __atomic_fetch_and(&self->events, UMCG_EV_QUEUED, __ATOMIC_ACQUIRE) &
	       ~UMCG_EV_QUEUED;
}
