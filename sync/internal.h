/* SPDX-License-Identifier: MIT */
/* What the files of libumcg-sync share, and nobody else sees. README.md says why so. */
#ifndef UMCG_SYNC_INTERNAL_H
#define UMCG_SYNC_INTERNAL_H

#include "umcg_sync.h"

/* Everything else is hidden by -fvisibility=hidden; libumcg-sync.map has the names. */
#define UMCG_PUBLIC	__attribute__((__visibility__("default")))

/* --- the calling thread (self.c) ------------------------------------------- */

/**
 * struct self - the calling thread, if it is an attached worker
 * @group:	NULL if it is not
 * @task:	its slot
 * @tid:	its own
 * @flags:	UMCG_SYNC_*
 */
struct self {
	struct umcg_group *group;
	struct umcg_task *task;
	__u32 tid;
	__u32 flags;
};

struct self *sync_self(void);

/*
 * Put off preemption, as long as the caller is a worker and not in a section of the
 * application's, which would be ended along with ours. True if it is to be ended.
 */
bool sync_self_section_begin(struct self *self);
void sync_self_section_end(struct self *self, bool begun);

/*
 * One WAIT: gives the turn to who is queued longest, or to the server. Returns 0 for
 * any reason or none, -ETIMEDOUT, -EINTR, or what says that the caller is no worker.
 */
int sync_self_park(struct self *self, __u64 timeout);

/* Yields to the parked worker @tid. False if that could not be run. */
bool sync_self_switch(struct self *self, __u32 tid);

/* --- whom to run (pick.c) -------------------------------------------------- */

/* Takes the worker that is queued longest: its slot, and @tid; or 0. */
__u32 sync_pick(struct umcg_group *g, const struct umcg_task *self, __u32 *tid);

/* It was not run: back to a list. */
void sync_pick_undo(struct umcg_group *g, const struct umcg_task *self, __u32 slot);

/* --- futex (futex.c) ------------------------------------------------------- */

/* While the word is @value. 0 for any reason, or -ETIMEDOUT. */
int sync_futex_wait(__u32 *word, __u32 value, __u64 timeout);
void sync_futex_wake_one(__u32 *word);

/* --- who waits (waiters.c) ------------------------------------------------- */

/**
 * struct waiter - somebody who waits, on the stack of the waiting thread
 * @state:	WAITER_*
 * @linked:	it is on @next's and @prev's list; under the list's lock
 * @next:	the list, or where a private chain goes on
 * @group:	of a worker that may park
 * @tid:	of that worker
 * @kind:	for the object: what it waits for
 * @item:	for the object: what it brings or gets
 * @result:	for the object: what the wait has come to
 *
 * Who has unlinked it under the lock owns it until the exchange in sync_waiter_hand(), and
 * the waiting thread does not return before that, or before it has unlinked it itself.
 */
struct waiter {
	__u32 state;
	bool linked;
	struct waiter *next, *prev;
	struct umcg_group *group;
	__u32 tid;
	int kind;
	void *item;
	int result;
};

enum {
	WAITER_AWAKE,	/* not asleep yet */
	WAITER_PARKED,	/* or about to: WAKE it */
	WAITER_ASLEEP,	/* or about to, on the futex @state */
	WAITER_HANDED,	/* the end */
};

/* Short: under it nothing waits, nobody is woken, nothing of the caller's runs. */
void sync_waiters_lock(struct umcg_waiters *q);
void sync_waiters_unlock(struct umcg_waiters *q);

/* Under the lock. */
void sync_waiter_link(struct umcg_waiters *q, struct waiter *w);
bool sync_waiter_unlink(struct umcg_waiters *q, struct waiter *w);
struct waiter *sync_waiters_first(const struct umcg_waiters *q);
struct waiter *sync_waiters_pop(struct umcg_waiters *q);
/* All of them, as a chain by @next. */
struct waiter *sync_waiters_detach(struct umcg_waiters *q);

/* Not under the lock. @w is gone when they return, and so may be what it waited for. */
void sync_waiter_hand(struct waiter *w);
void sync_waiter_hand_turn(struct waiter *w);
void sync_waiters_hand_all(struct waiter *chain);

/* Sleep until handed: 0; or -ETIMEDOUT, and it may be handed at any moment. */
int sync_waiter_sleep(struct waiter *w, __u64 timeout);

#endif /* UMCG_SYNC_INTERNAL_H */
