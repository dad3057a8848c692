// SPDX-License-Identifier: MIT
/* Join: one value, once. */
#include <errno.h>

#include "internal.h"

enum { NOT_YET, DONE };

UMCG_PUBLIC int umcg_join_done(struct umcg_join *j, void *value)
{
	struct waiter *chain = NULL;
	bool already;

	sync_waiters_lock(&j->waiters);
	already = j->word == DONE;
	if (!already) {
		j->value = value;
		j->word = DONE;
		chain = sync_waiters_detach(&j->waiters);
	}
	for (struct waiter *w = chain; w; w = w->next)
		w->item = value;
	sync_waiters_unlock(&j->waiters);
	sync_waiters_hand_all(chain);
	return already ? -EALREADY : 0;
}

/* The time has passed: gone, or done meanwhile. */
static int give_up(struct umcg_join *j, struct waiter *w)
{
	bool gone;

	sync_waiters_lock(&j->waiters);
	gone = sync_waiter_unlink(&j->waiters, w);
	sync_waiters_unlock(&j->waiters);
	return gone ? -ETIMEDOUT : sync_waiter_sleep(w, 0);
}

/*
 * Always through the lock: who finds the word set without it could free @j while the
 * other one still unlocks.
 */
UMCG_PUBLIC int umcg_join_wait(struct umcg_join *j, void **value, __u64 timeout)
{
	struct waiter w = { .item = NULL };
	int error = 0;
	bool done;

	sync_waiters_lock(&j->waiters);
	done = j->word == DONE;
	if (done)
		w.item = j->value;
	else
		sync_waiter_link(&j->waiters, &w);
	sync_waiters_unlock(&j->waiters);
	if (!done)
		error = sync_waiter_sleep(&w, timeout);
	if (error)
		error = give_up(j, &w);
	if (!error && value)
		*value = w.item;
	return error;
}
