// SPDX-License-Identifier: MIT
/*
 * The mutex: one word, and those who wait.
 *
 * WAITED says that somebody is linked; both change under the waiters' lock. Unlocking
 * then passes the mutex on, and the word stays taken all the time. A word that is FREE
 * was made so by one exchange, which is the last that its holder has done with it.
 */
#include <errno.h>

#include "internal.h"

enum { FREE, LOCKED, WAITED };

static bool change(struct umcg_mutex *m, __u32 from, __u32 to, int order)
{
	return __atomic_compare_exchange_n(&m->word, &from, to, false, order,
					   __ATOMIC_RELAXED);
}

/* Under the waiters' lock. Takes it if it is free; else the holder will look for us. */
static bool take_or_mark(struct umcg_mutex *m)
{
	for (;;) {
		if (change(m, FREE, LOCKED, __ATOMIC_ACQUIRE))
			return true;
		if (change(m, LOCKED, WAITED, __ATOMIC_RELAXED) ||
		    __atomic_load_n(&m->word, __ATOMIC_RELAXED) == WAITED)
			return false;
	}
}

static void none_waits(struct umcg_mutex *m)
{
	if (!sync_waiters_first(&m->waiters))
		__atomic_store_n(&m->word, LOCKED, __ATOMIC_RELAXED);
}

/* The time has passed: gone, or it has been handed over meanwhile. */
static int give_up(struct umcg_mutex *m, struct waiter *w)
{
	bool gone;

	sync_waiters_lock(&m->waiters);
	gone = sync_waiter_unlink(&m->waiters, w);
	if (gone)
		none_waits(m);
	sync_waiters_unlock(&m->waiters);
	return gone ? -ETIMEDOUT : sync_waiter_sleep(w, 0);
}

static int wait(struct umcg_mutex *m, __u64 timeout)
{
	struct waiter w;
	int error;

	sync_waiters_lock(&m->waiters);
	if (take_or_mark(m)) {
		sync_waiters_unlock(&m->waiters);
		return 0;
	}
	sync_waiter_link(&m->waiters, &w);
	sync_waiters_unlock(&m->waiters);
	error = sync_waiter_sleep(&w, timeout);
	return error ? give_up(m, &w) : 0;
}

UMCG_PUBLIC int umcg_mutex_trylock(struct umcg_mutex *m)
{
	return change(m, FREE, LOCKED, __ATOMIC_ACQUIRE) ? 0 : -EBUSY;
}

UMCG_PUBLIC int umcg_mutex_timedlock(struct umcg_mutex *m, __u64 timeout)
{
	return umcg_mutex_trylock(m) ? wait(m, timeout) : 0;
}

UMCG_PUBLIC void umcg_mutex_lock(struct umcg_mutex *m)
{
	umcg_mutex_timedlock(m, 0);
}

static struct waiter *pass_on(struct umcg_mutex *m)
{
	struct waiter *w;

	sync_waiters_lock(&m->waiters);
	w = sync_waiters_pop(&m->waiters);
	if (w)
		none_waits(m);
	sync_waiters_unlock(&m->waiters);
	return w;
}

UMCG_PUBLIC int umcg_mutex_unlock(struct umcg_mutex *m)
{
	struct waiter *w;

	while (!change(m, LOCKED, FREE, __ATOMIC_RELEASE)) {
		if (__atomic_load_n(&m->word, __ATOMIC_RELAXED) == FREE)
			return -EPERM;
		w = pass_on(m);
		if (w) {
			sync_waiter_hand(w);
			break;
		}
		/* who waited has given up */
	}
	return 0;
}
