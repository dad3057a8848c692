// SPDX-License-Identifier: MIT
/*
 * Those who wait, and how they are handed what they wait for.
 *
 * The lock of a list is held for a few instructions. Who holds it can still lose its
 * processor, to the kernel or, as a worker, to another worker; so nobody spins for
 * long, but sleeps on it as on any futex, out of the section: a block that its server
 * is told of, who can then run the holder.
 */
#include <errno.h>

#include "internal.h"

#define SPINS	100

enum { FREE, HELD, WANTED };

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("" ::: "memory");
#endif
}

static bool try_lock(__u32 *word)
{
	__u32 old = FREE;

	return __atomic_compare_exchange_n(word, &old, HELD, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static bool spin_lock(__u32 *word)
{
	for (int i = 0; i < SPINS; i++) {
		if (__atomic_load_n(word, __ATOMIC_RELAXED) == FREE && try_lock(word))
			return true;
		relax();
	}
	return false;
}

/* @section says whether the section is ours to end; it is the holder's. */
void sync_waiters_lock(struct umcg_waiters *q)
{
	struct self *self = sync_self();
	bool begun = sync_self_section_begin(self);

	if (!try_lock(&q->lock) && !spin_lock(&q->lock)) {
		while (__atomic_exchange_n(&q->lock, WANTED, __ATOMIC_ACQUIRE) != FREE) {
			sync_self_section_end(self, begun);
			sync_futex_wait(&q->lock, WANTED, 0);
			begun = sync_self_section_begin(self);
		}
	}
	q->section = begun;
}

void sync_waiters_unlock(struct umcg_waiters *q)
{
	bool begun = q->section;

	if (__atomic_exchange_n(&q->lock, FREE, __ATOMIC_RELEASE) == WANTED)
		sync_futex_wake_one(&q->lock);
	sync_self_section_end(sync_self(), begun);
}

/* It is also looked at without the lock: see cond.c. */
static void set_first(struct umcg_waiters *q, struct waiter *w)
{
	__atomic_store_n(&q->first, w, __ATOMIC_RELAXED);
}

struct waiter *sync_waiters_first(const struct umcg_waiters *q)
{
	return __atomic_load_n(&q->first, __ATOMIC_RELAXED);
}

void sync_waiter_link(struct umcg_waiters *q, struct waiter *w)
{
	struct self *self = sync_self();
	struct waiter *last = q->last;

	w->group = self->group;
	w->tid = self->tid;
	w->state = WAITER_AWAKE;
	w->next = NULL;
	w->prev = last;
	w->linked = true;
	if (last)
		last->next = w;
	else
		set_first(q, w);
	q->last = w;
}

bool sync_waiter_unlink(struct umcg_waiters *q, struct waiter *w)
{
	if (!w->linked)
		return false;
	w->linked = false;
	if (w->prev)
		w->prev->next = w->next;
	else
		set_first(q, w->next);
	if (w->next)
		w->next->prev = w->prev;
	else
		q->last = w->prev;
	return true;
}

struct waiter *sync_waiters_pop(struct umcg_waiters *q)
{
	struct waiter *w = q->first;

	if (w) {
		sync_waiter_unlink(q, w);
		w->next = NULL;
	}
	return w;
}

struct waiter *sync_waiters_detach(struct umcg_waiters *q)
{
	struct waiter *chain = q->first;

	for (struct waiter *w = chain; w; w = w->next)
		w->linked = false;
	set_first(q, NULL);
	q->last = NULL;
	return chain;
}

/*
 * The exchange is the last that we do with @w. Release: what was done before is seen by
 * who gets it; that is all there is to pass on, whoever wakes it.
 */
static __u32 hand(struct waiter *w)
{
	return __atomic_exchange_n(&w->state, WAITER_HANDED, __ATOMIC_ACQ_REL);
}

/* Its word may be gone; that it is woken for nothing then, nobody minds. */
static void wake(__u32 state, struct umcg_group *g, __u32 tid, __u32 *word)
{
	if (state == WAITER_PARKED)
		umcg_wake(g, tid);
	else if (state == WAITER_ASLEEP)
		sync_futex_wake_one(word);
}

void sync_waiter_hand(struct waiter *w)
{
	struct umcg_group *g = w->group;
	__u32 tid = w->tid;

	wake(hand(w), g, tid, &w->state);
}

void sync_waiter_hand_turn(struct waiter *w)
{
	struct self *self = sync_self();
	struct umcg_group *g = w->group;
	__u32 tid = w->tid, state = hand(w);

	/* it may not have parked yet, or be on a list */
	if (state == WAITER_PARKED && g == self->group && sync_self_switch(self, tid))
		return;
	wake(state, g, tid, &w->state);
}

void sync_waiters_hand_all(struct waiter *chain)
{
	struct waiter *next;

	for (; chain; chain = next) {
		next = chain->next;
		sync_waiter_hand(chain);
	}
}

static bool is_handed(const struct waiter *w)
{
	/* acquire: pairs with hand() */
	return __atomic_load_n(&w->state, __ATOMIC_ACQUIRE) == WAITER_HANDED;
}

/* Says how it sleeps from here on; false if it was handed. Acquire: as is_handed(). */
static bool publish(struct waiter *w, __u32 how)
{
	__u32 old = __atomic_load_n(&w->state, __ATOMIC_ACQUIRE);

	while (old != WAITER_HANDED)
		if (__atomic_compare_exchange_n(&w->state, &old, how, true,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

static int sleep_on_futex(struct waiter *w, __u64 timeout)
{
	if (!publish(w, WAITER_ASLEEP))
		return 0;
	while (!is_handed(w))
		if (sync_futex_wait(&w->state, WAITER_ASLEEP, timeout))
			return -ETIMEDOUT;
	return 0;
}

int sync_waiter_sleep(struct waiter *w, __u64 timeout)
{
	struct self *self = sync_self();
	int error = 0;

	if (!self->group || self->group != w->group)
		return sleep_on_futex(w, timeout);
	if (!publish(w, WAITER_PARKED))
		return 0;
	while (!error || error == -EINTR) {
		error = sync_self_park(self, timeout);
		if (is_handed(w))
			return 0;
	}
	if (error == -ETIMEDOUT)
		return error;
	/* the group has ended, or the caller has left it: a plain thread from here on */
	if (error == -ESHUTDOWN || error == -EPERM)
		umcg_sync_detach();
	return sleep_on_futex(w, timeout);
}
