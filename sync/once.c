// SPDX-License-Identifier: MIT
/* Once: who comes first calls the function, the others wait for its end. */
#include "internal.h"

enum { NOT_YET, CALLED, RETURNED };

static bool is_over(const struct umcg_once *o)
{
	return __atomic_load_n(&o->word, __ATOMIC_ACQUIRE) == RETURNED;
}

static void wait(struct umcg_once *o)
{
	struct waiter w;
	bool over;

	sync_waiters_lock(&o->waiters);
	over = is_over(o);
	if (!over)
		sync_waiter_link(&o->waiters, &w);
	sync_waiters_unlock(&o->waiters);
	if (!over)
		sync_waiter_sleep(&w, 0);
}

static void end(struct umcg_once *o)
{
	struct waiter *chain;

	sync_waiters_lock(&o->waiters);
	__atomic_store_n(&o->word, RETURNED, __ATOMIC_RELEASE);
	chain = sync_waiters_detach(&o->waiters);
	sync_waiters_unlock(&o->waiters);
	sync_waiters_hand_all(chain);
}

UMCG_PUBLIC void umcg_once(struct umcg_once *o, void (*call)(void *arg), void *arg)
{
	__u32 old = NOT_YET;

	if (is_over(o))
		return;
	if (__atomic_compare_exchange_n(&o->word, &old, CALLED, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED)) {
		call(arg);
		end(o);
	} else {
		wait(o);
	}
}
