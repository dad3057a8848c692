// SPDX-License-Identifier: MIT
/*
 * The semaphore: units, or those who wait for them.
 *
 * WAITED says that somebody is linked; then there are no units, as each that comes goes
 * to one of them. It changes under the waiters' lock.
 */
#include <errno.h>

#include "internal.h"

#define WAITED	0x80000000U

UMCG_PUBLIC int umcg_sem_init(struct umcg_sem *s, __u32 value)
{
	if (value > UMCG_SEM_MAX)
		return -EINVAL;
	*s = (struct umcg_sem){ .word = value };
	return 0;
}

UMCG_PUBLIC int umcg_sem_trywait(struct umcg_sem *s)
{
	__u32 old = __atomic_load_n(&s->word, __ATOMIC_RELAXED);

	while (old & ~WAITED)
		if (__atomic_compare_exchange_n(&s->word, &old, old - 1, true,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return 0;
	return -EAGAIN;
}

/* Under the waiters' lock. Takes a unit, or makes who posts one look for us. */
static bool take_or_mark(struct umcg_sem *s)
{
	__u32 none;

	do {
		if (!umcg_sem_trywait(s))
			return true;
		none = 0;
	} while (!__atomic_compare_exchange_n(&s->word, &none, WAITED, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
		 none != WAITED);
	return false;
}

static void none_waits(struct umcg_sem *s)
{
	if (!sync_waiters_first(&s->waiters))
		__atomic_store_n(&s->word, 0, __ATOMIC_RELAXED);
}

/* The time has passed: gone, or a unit has come meanwhile. */
static int give_up(struct umcg_sem *s, struct waiter *w)
{
	bool gone;

	sync_waiters_lock(&s->waiters);
	gone = sync_waiter_unlink(&s->waiters, w);
	if (gone)
		none_waits(s);
	sync_waiters_unlock(&s->waiters);
	return gone ? -ETIMEDOUT : sync_waiter_sleep(w, 0);
}

static int wait(struct umcg_sem *s, __u64 timeout)
{
	struct waiter w;
	int error;

	sync_waiters_lock(&s->waiters);
	if (take_or_mark(s)) {
		sync_waiters_unlock(&s->waiters);
		return 0;
	}
	sync_waiter_link(&s->waiters, &w);
	sync_waiters_unlock(&s->waiters);
	error = sync_waiter_sleep(&w, timeout);
	return error ? give_up(s, &w) : 0;
}

UMCG_PUBLIC int umcg_sem_timedwait(struct umcg_sem *s, __u64 timeout)
{
	return umcg_sem_trywait(s) ? wait(s, timeout) : 0;
}

UMCG_PUBLIC void umcg_sem_wait(struct umcg_sem *s)
{
	umcg_sem_timedwait(s, 0);
}

static struct waiter *pass_on(struct umcg_sem *s)
{
	struct waiter *w;

	sync_waiters_lock(&s->waiters);
	w = sync_waiters_pop(&s->waiters);
	if (w)
		none_waits(s);
	sync_waiters_unlock(&s->waiters);
	return w;
}

UMCG_PUBLIC int umcg_sem_post(struct umcg_sem *s)
{
	__u32 old = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
	struct waiter *w;

	for (;;) {
		if (old & WAITED) {
			w = pass_on(s);
			if (w) {
				sync_waiter_hand(w);
				return 0;
			}
			/* who waited has given up */
			old = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
			continue;
		}
		if (old == UMCG_SEM_MAX)
			return -EOVERFLOW;
		if (__atomic_compare_exchange_n(&s->word, &old, old + 1, true,
						__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return 0;
	}
}
