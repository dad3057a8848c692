// SPDX-License-Identifier: MIT
/*
 * Taking the kernel's lists.
 *
 * The kernel pushes slot "me" on a list in four steps:
 *
 *	1. events |= QUEUED	from here on it does not push "me" again
 *	2. link = PENDING
 *	3. old = xchg(head, me)
 *	4. link = old		store-release
 *
 * We take the list by xchg(head, END), and so get a chain from the newest to the
 * oldest. While QUEUED is set nobody but us touches the links of the chain, which
 * is why they can be turned round in place: no memory is needed however long it
 * is. Clearing QUEUED gives the slot back, so that comes last, in pop.
 *
 * Anybody may have scribbled over the slots. An index out of range, a slot that
 * is not QUEUED (or not any more: the chain runs in a circle), a chain longer
 * than there are slots: all end the walk as UMCG_LIST_END does.
 */
#include <errno.h>
#include <sched.h>

#include "internal.h"

#define SPINS	1000
#define YIELDS	5000000

static void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

/*
 * The link of a slot whose push may still be between steps 3 and 4. That is a
 * few instructions with interrupts off, unless the CPU is a virtual one which its
 * host does not run just now; "pause" tells the host, too. After seconds of it
 * nobody is writing, and the word is garbage. Tries are counted, not time: time
 * also passes while this thread, or the whole machine, is stopped.
 *
 * Acquire: pairs with step 4. Its writer had read the next slot's push in step 3,
 * so what went before that push is seen as well.
 */
static __u32 pushed_link(const struct umcg_task *t)
{
	for (int i = 0; i < SPINS + YIELDS; i++) {
		__u32 link = __atomic_load_n(&t->link, __ATOMIC_ACQUIRE);

		if (link != UMCG_LIST_PENDING)
			return link;
		cpu_relax();
		if (i >= SPINS)
			sched_yield();
	}
	return UMCG_LIST_END;
}

/*
 * The slot at @index if it can be on a list. Relaxed: the bit was set before the
 * index could be read, and that read was ordered; see the callers.
 */
static struct umcg_task *queued_slot(struct umcg_group *g, __u32 index)
{
	struct umcg_task *t = umcg_slot(g, index);

	if (!t || index == 0 ||
	    !(__atomic_load_n(&t->events, __ATOMIC_RELAXED) & UMCG_EV_QUEUED))
		return NULL;
	return t;
}

UMCG_PUBLIC void umcg_list_init(struct umcg_list *l)
{
	l->first = 0;
	l->last = 0;
}

UMCG_PUBLIC bool umcg_list_empty(const struct umcg_list *l)
{
	return l->first == 0;
}

UMCG_PUBLIC int umcg_list_take(struct umcg_group *g, __u32 slot, struct umcg_list *l)
{
	struct umcg_task *owner = umcg_slot(g, slot);
	struct umcg_task *t;
	__u32 newest, index, next;
	__u32 older = UMCG_LIST_END;
	__u32 count = 0;

	if (!owner)
		return -EINVAL;
	/*
	 * Most looks find nothing; a read then leaves the cache line shared. Stale
	 * by an instant is as good as having looked an instant earlier: it is WAIT
	 * that must not miss a push, and it checks in the kernel.
	 */
	if (__atomic_load_n(&owner->head, __ATOMIC_RELAXED) == UMCG_LIST_END)
		return 0;
	/*
	 * Acquire: pairs with step 3, so that steps 1 and 2 of the newest are seen;
	 * for the others the links see to that. Nothing of ours has to be seen by
	 * whoever pushes next: no release.
	 */
	newest = __atomic_exchange_n(&owner->head, UMCG_LIST_END, __ATOMIC_ACQUIRE);

	/*
	 * Turn the chain round: each link is read once, then made to name the one
	 * pushed after it. Relaxed, as the links are only ours now.
	 */
	for (index = newest; count < g->query.slots_max; index = next) {
		t = queued_slot(g, index);
		if (!t)
			break;
		next = pushed_link(t);
		__atomic_store_n(&t->link, older, __ATOMIC_RELAXED);
		older = index;
		count++;
	}
	if (count == 0)
		return 0;

	/*
	 * older is now the oldest, newest the end; behind what @l has already,
	 * unless somebody scribbled over the end of that.
	 */
	t = l->first ? queued_slot(g, l->last) : NULL;
	if (t)
		__atomic_store_n(&t->link, older, __ATOMIC_RELAXED);
	else
		l->first = older;
	l->last = newest;
	return (int)count;
}

UMCG_PUBLIC __u32 umcg_list_pop(struct umcg_group *g, struct umcg_list *l, __u32 *events)
{
	__u32 index = l->first;
	struct umcg_task *t = queued_slot(g, index);
	__u32 next, taken;

	if (!t) {
		umcg_list_init(l);
		return 0;
	}
	/*
	 * A dead server: nobody pushes to its list any more, and once its QUEUED is
	 * clear the slot is somebody's whose list begins empty. So now or never; and
	 * before the link is read, which this may be the one to write.
	 */
	if (__atomic_load_n(&t->events, __ATOMIC_ACQUIRE) & UMCG_EV_REHOMED)
		umcg_list_take(g, index, l);
	next = __atomic_load_n(&t->link, __ATOMIC_RELAXED);
	/*
	 * Release: our reads of the slot, the link above all, are done before the
	 * kernel can find QUEUED clear and push, or reuse, it. Acquire: what the
	 * kernel wrote before it set the last of the events is seen after this.
	 */
	taken = __atomic_exchange_n(&t->events, 0, __ATOMIC_ACQ_REL);
	l->first = umcg_slot(g, next) ? next : 0;
	if (events)
		*events = taken;
	return index;
}
