// SPDX-License-Identifier: MIT
/*
 * Readers and writers, in one line.
 *
 * The word: WRITER, or how many readers; and WAITED, if somebody is linked, which
 * changes under the waiters' lock. With WAITED nobody gets in but from the line, and
 * nobody changes the rest of the word without that lock.
 */
#include <errno.h>

#include "internal.h"

#define WAITED	0x80000000U
#define WRITER	0x40000000U
#define READERS	0x3fffffffU

enum { READ, WRITE };

static __u32 word_of(const struct umcg_rwlock *l)
{
	return __atomic_load_n(&l->word, __ATOMIC_RELAXED);
}

static bool change(struct umcg_rwlock *l, __u32 *old, __u32 new, int order)
{
	return __atomic_compare_exchange_n(&l->word, old, new, false, order,
					   __ATOMIC_RELAXED);
}

/* Could one more of @kind have it beside what the word says, without WAITED? */
static bool fits(__u32 word, int kind)
{
	if (kind == WRITE)
		return !(word & (WRITER | READERS));
	return !(word & WRITER) && (word & READERS) != READERS;
}

static __u32 with(__u32 word, int kind)
{
	return kind == WRITE ? word | WRITER : word + 1;
}

static bool try(struct umcg_rwlock *l, int kind)
{
	__u32 old = word_of(l);

	while (!(old & WAITED) && fits(old, kind))
		if (change(l, &old, with(old, kind), __ATOMIC_ACQUIRE))
			return true;
	return false;
}

/* Under the waiters' lock. Gets it, or makes who unlocks look for us. */
static bool take_or_mark(struct umcg_rwlock *l, int kind)
{
	__u32 old;

	do {
		if (try(l, kind))
			return true;
		old = word_of(l);
		if (old & WAITED)
			return false;
		/* let go meanwhile: again */
	} while (fits(old, kind) || !change(l, &old, old | WAITED, __ATOMIC_RELAXED));
	return false;
}

/*
 * Under the waiters' lock, with WAITED set: gives @word, what is left of it, to those at
 * the head of the line for whom it fits. Returns them as a chain.
 */
static struct waiter *admit(struct umcg_rwlock *l, __u32 word)
{
	struct waiter *w, *chain = NULL, **end = &chain;

	word &= ~WAITED;
	while ((w = sync_waiters_first(&l->waiters)) && fits(word, w->kind)) {
		sync_waiters_pop(&l->waiters);
		word = with(word, w->kind);
		*end = w;
		end = &w->next;
	}
	if (w)
		word |= WAITED;
	/* acquire and release: from those who unlocked, to those in the chain */
	__atomic_exchange_n(&l->word, word, __ATOMIC_ACQ_REL);
	return chain;
}

/* The time has passed: gone, and those behind may get in; or it got in meanwhile. */
static int give_up(struct umcg_rwlock *l, struct waiter *w)
{
	struct waiter *chain = NULL;
	bool gone;

	sync_waiters_lock(&l->waiters);
	gone = sync_waiter_unlink(&l->waiters, w);
	if (gone)
		chain = admit(l, word_of(l));
	sync_waiters_unlock(&l->waiters);
	sync_waiters_hand_all(chain);
	return gone ? -ETIMEDOUT : sync_waiter_sleep(w, 0);
}

static int wait(struct umcg_rwlock *l, int kind, __u64 timeout)
{
	struct waiter w = { .kind = kind };
	int error;

	sync_waiters_lock(&l->waiters);
	if (take_or_mark(l, kind)) {
		sync_waiters_unlock(&l->waiters);
		return 0;
	}
	sync_waiter_link(&l->waiters, &w);
	sync_waiters_unlock(&l->waiters);
	error = sync_waiter_sleep(&w, timeout);
	return error ? give_up(l, &w) : 0;
}

UMCG_PUBLIC int umcg_rwlock_tryrdlock(struct umcg_rwlock *l)
{
	return try(l, READ) ? 0 : -EBUSY;
}

UMCG_PUBLIC int umcg_rwlock_trywrlock(struct umcg_rwlock *l)
{
	return try(l, WRITE) ? 0 : -EBUSY;
}

UMCG_PUBLIC int umcg_rwlock_timedrdlock(struct umcg_rwlock *l, __u64 timeout)
{
	return try(l, READ) ? 0 : wait(l, READ, timeout);
}

UMCG_PUBLIC int umcg_rwlock_timedwrlock(struct umcg_rwlock *l, __u64 timeout)
{
	return try(l, WRITE) ? 0 : wait(l, WRITE, timeout);
}

UMCG_PUBLIC void umcg_rwlock_rdlock(struct umcg_rwlock *l)
{
	umcg_rwlock_timedrdlock(l, 0);
}

UMCG_PUBLIC void umcg_rwlock_wrlock(struct umcg_rwlock *l)
{
	umcg_rwlock_timedwrlock(l, 0);
}

static __u32 without_me(__u32 word)
{
	return word & WRITER ? word & ~WRITER : word - 1;
}

/* With WAITED; false if it is not so any more. */
static bool pass_on(struct umcg_rwlock *l)
{
	struct waiter *chain = NULL;
	bool waited;
	__u32 old;

	sync_waiters_lock(&l->waiters);
	old = word_of(l);
	waited = old & WAITED;
	if (waited)
		chain = admit(l, without_me(old));
	sync_waiters_unlock(&l->waiters);
	sync_waiters_hand_all(chain);
	return waited;
}

UMCG_PUBLIC int umcg_rwlock_unlock(struct umcg_rwlock *l)
{
	__u32 old = word_of(l);

	for (;;) {
		if (!(old & (WRITER | READERS)))
			return -EPERM;
		if (old & WAITED) {
			if (pass_on(l))
				return 0;
			old = word_of(l);
		} else if (change(l, &old, without_me(old), __ATOMIC_RELEASE)) {
			return 0;
		}
	}
}
