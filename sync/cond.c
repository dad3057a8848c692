// SPDX-License-Identifier: MIT
/* The condition variable: nothing but those who wait. */
#include <errno.h>

#include "internal.h"

/* The time has passed: gone, or signalled meanwhile. */
static int give_up(struct umcg_cond *c, struct waiter *w)
{
	bool gone;

	waiters_lock(&c->waiters);
	gone = waiter_unlink(&c->waiters, w);
	waiters_unlock(&c->waiters);
	return gone ? -ETIMEDOUT : waiter_sleep(w, 0);
}

UMCG_PUBLIC int umcg_cond_timedwait(struct umcg_cond *c, struct umcg_mutex *m,
				    __u64 timeout)
{
	struct waiter w;
	int error;

	waiters_lock(&c->waiters);
	waiter_link(&c->waiters, &w);
	waiters_unlock(&c->waiters);
	error = umcg_mutex_unlock(m);
	if (error) {
		/* a signal that was for us goes to another */
		if (!give_up(c, &w))
			umcg_cond_signal(c);
		return error;
	}
	error = waiter_sleep(&w, timeout);
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
	return !waiters_first(&c->waiters);
}

UMCG_PUBLIC void umcg_cond_signal(struct umcg_cond *c)
{
	struct waiter *w;

	if (nobody_waits(c))
		return;
	waiters_lock(&c->waiters);
	w = waiters_pop(&c->waiters);
	waiters_unlock(&c->waiters);
	if (w)
		waiter_hand(w);
}

UMCG_PUBLIC void umcg_cond_broadcast(struct umcg_cond *c)
{
	struct waiter *chain;

	if (nobody_waits(c))
		return;
	waiters_lock(&c->waiters);
	chain = waiters_detach(&c->waiters);
	waiters_unlock(&c->waiters);
	waiters_hand_all(chain);
}
