// SPDX-License-Identifier: MIT
/* The barrier: the last who comes detaches all others, so that the next round is new. */
#include <errno.h>

#include "internal.h"

UMCG_PUBLIC int umcg_barrier_init(struct umcg_barrier *b, __u32 needed)
{
	if (!needed)
		return -EINVAL;
	*b = (struct umcg_barrier){ .needed = needed };
	return 0;
}

UMCG_PUBLIC int umcg_barrier_wait(struct umcg_barrier *b)
{
	struct waiter w, *chain = NULL;
	bool last;

	sync_waiters_lock(&b->waiters);
	last = ++b->there == b->needed;
	if (last) {
		b->there = 0;
		chain = sync_waiters_detach(&b->waiters);
	} else {
		sync_waiter_link(&b->waiters, &w);
	}
	sync_waiters_unlock(&b->waiters);
	if (last)
		sync_waiters_hand_all(chain);
	else
		sync_waiter_sleep(&w, 0);
	return last;
}
