// SPDX-License-Identifier: MIT
/* The condition variable: nothing but those who wait. */
#include <errno.h>

#include "internal.h"

/* The time has passed: gone, or signalled meanwhile. */
static int give_up(struct umcg_cond *c, struct waiter *w)
{
	bool gone;

	sync_waiters_lock(&c->waiters);
	gone = sync_waiter_unlink(&c->waiters, w);
	sync_waiters_unlock(&c->waiters);
	return gone ? -ETIMEDOUT : sync_waiter_sleep(w, 0);
}

UMCG_PUBLIC int umcg_cond_timedwait(struct umcg_cond *c, struct umcg_mutex *m,
				    __u64 timeout)
{
	struct waiter w;
	int error;

	sync_waiters_lock(&c->waiters);
	sync_waiter_link(&c->waiters, &w);
	sync_waiters_unlock(&c->waiters);
	error = umcg_mutex_unlock(m);
	if (error) {
		/* a signal that was for us goes to another */
		if (!give_up(c, &w))
			umcg_cond_signal(c);
		return error;
	}
	error = sync_waiter_sleep(&w, timeout);
	if (error)
		error = give_up(c, &w);
	umcg_mutex_lock(m);
	return error;
}

UMCG_PUBLIC int umcg_cond_wait(struct umcg_cond *c, struct umcg_mutex *m)
{
	return umcg_cond_timedwait(c, m, 0);
}

/*
 * Who holds the mutex, or has held it since it changed what is waited for, sees all who
 * were linked before they unlocked it: no need for the lock to find nobody.
 */
static bool nobody_waits(const struct umcg_cond *c)
{
	return !sync_waiters_first(&c->waiters);
}

UMCG_PUBLIC void umcg_cond_signal(struct umcg_cond *c)
{
	struct waiter *w;

	if (nobody_waits(c))
		return;
	sync_waiters_lock(&c->waiters);
	w = sync_waiters_pop(&c->waiters);
	sync_waiters_unlock(&c->waiters);
	if (w)
		sync_waiter_hand(w);
}

UMCG_PUBLIC void umcg_cond_broadcast(struct umcg_cond *c)
{
	struct waiter *chain;

	if (nobody_waits(c))
		return;
	sync_waiters_lock(&c->waiters);
	chain = sync_waiters_detach(&c->waiters);
	sync_waiters_unlock(&c->waiters);
	sync_waiters_hand_all(chain);
}
