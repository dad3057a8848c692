// SPDX-License-Identifier: MIT
/*
 * Whom a worker that waits gives its turn to: who was queued first.
 *
 * User space may take a list of the kernel's only as a whole. So all of it is taken,
 * one worker is cut out, and the rest is put back below what was pushed meanwhile: the
 * order stays as it was. While it is in our hands nobody else finds it; hence the
 * no-preempt section around this, and hence that those who looked meanwhile are told.
 * README.md, "Lists", has the interleavings.
 *
 * Slots are written by anybody: no walk is longer than there are slots, and no index is
 * followed that is none.
 */
#include <sched.h>

#include "internal.h"

#define SPINS		1000
#define YIELDS		5000000
#define NOT_TAKEN	(UMCG_EV_EXIT | UMCG_EV_REHOMED)

/* As umcg_list_take(): a push is under way for a few instructions of the kernel. */
static __u32 pushed_link(const struct umcg_task *t)
{
	__u32 link;

	for (int i = 0; i < SPINS + YIELDS; i++) {
		/* pairs with the kernel's release, behind which the push is whole */
		link = __atomic_load_n(&t->link, __ATOMIC_ACQUIRE);
		if (link != UMCG_LIST_PENDING)
			return link;
		if (i >= SPINS)
			sched_yield();
	}
	return UMCG_LIST_END;
}

static struct umcg_task *queued_slot(struct umcg_group *g, __u32 index)
{
	struct umcg_task *t = index ? umcg_slot(g, index) : NULL;

	if (!t || !(__atomic_load_n(&t->events, __ATOMIC_RELAXED) & UMCG_EV_QUEUED))
		return NULL;
	return t;
}

static __u32 slots_of(const struct umcg_group *g)
{
	struct umcg_query q;

	umcg_query(g, &q);
	return q.slots_max;
}

/* The dead are left for a server to find: it wants to know their tid and user. */
static bool can_run(const struct umcg_task *t)
{
	return UMCG_STATE(umcg_state(t)) == UMCG_TASK_RUNNABLE &&
	       !(__atomic_load_n(&t->events, __ATOMIC_RELAXED) & NOT_TAKEN);
}

/* Takes it off, unless it has died. As in umcg_list_pop(), its link was read before. */
static bool claim(struct umcg_task *t)
{
	__u32 events = __atomic_load_n(&t->events, __ATOMIC_RELAXED);

	do {
		if (events & NOT_TAKEN)
			return false;
	} while (!__atomic_compare_exchange_n(&t->events, &events, 0, true,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return true;
}

/* Cuts the oldest that can run out of the chain from *@newest on. */
static __u32 cut_oldest(struct umcg_group *g, __u32 *newest, __u32 *tid)
{
	__u32 index = *newest, next, count = slots_of(g);
	__u32 before = 0, found = 0, found_before = 0, found_next = UMCG_LIST_END;
	struct umcg_task *t;

	for (; count && (t = queued_slot(g, index)); count--) {
		next = pushed_link(t);
		if (can_run(t)) {
			found = index;
			found_before = before;
			found_next = next;
		}
		before = index;
		index = next;
	}
	if (!found)
		return 0;
	t = umcg_slot(g, found);
	*tid = __atomic_load_n(&t->tid, __ATOMIC_RELAXED);
	if (!claim(t))
		return 0;
	if (found_before)
		__atomic_store_n(&umcg_slot(g, found_before)->link, found_next,
				 __ATOMIC_RELAXED);
	else
		*newest = found_next;
	return found;
}

/* Lets @older follow the last of the chain from @newest on. */
static void append(struct umcg_group *g, __u32 newest, __u32 older)
{
	__u32 index = newest, count = slots_of(g);
	struct umcg_task *t, *last = NULL;

	for (; count && (t = queued_slot(g, index)); count--) {
		last = t;
		index = pushed_link(t);
	}
	if (last)
		__atomic_store_n(&last->link, older, __ATOMIC_RELAXED);
}

/* Puts the chain below what was pushed meanwhile. Release: its links are seen. */
static void put_below(struct umcg_group *g, struct umcg_task *owner, __u32 chain)
{
	__u32 head = UMCG_LIST_END;

	while (!__atomic_compare_exchange_n(&owner->head, &head, chain, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		head = __atomic_exchange_n(&owner->head, UMCG_LIST_END,
					   __ATOMIC_ACQ_REL);
		if (queued_slot(g, head)) {
			append(g, head, chain);
			chain = head;
		}
		head = UMCG_LIST_END;
	}
}

static void put_on_group(struct umcg_group *g, __u32 chain)
{
	put_below(g, umcg_slot(g, 0), chain);
	/* one that idles may have found the list empty meanwhile */
	umcg_wake(g, 0);
}

/* Back to the list of @server, if that lives; a dead one's would be nobody's. */
static void put_on_server(struct umcg_group *g, __u32 server, __u32 chain)
{
	struct umcg_task *s = umcg_slot(g, server);
	__u32 state = umcg_state(s);

	if (UMCG_STATE(state) == UMCG_TASK_RUNNING) {
		put_below(g, s, chain);
		/* it publishes that it idles, or is dead, before it looks at its list */
		state = umcg_state(s);
		if (state & UMCG_TF_IDLE)
			umcg_kick(g, __atomic_load_n(&s->tid, __ATOMIC_RELAXED), 0);
		if (UMCG_STATE(state) == UMCG_TASK_RUNNING)
			return;
		chain = __atomic_exchange_n(&s->head, UMCG_LIST_END, __ATOMIC_ACQ_REL);
	}
	if (chain != UMCG_LIST_END)
		put_on_group(g, chain);
}

static void put_back(struct umcg_group *g, __u32 owner, __u32 chain)
{
	if (chain == UMCG_LIST_END)
		return;
	if (owner)
		put_on_server(g, owner, chain);
	else
		put_on_group(g, chain);
}

static __u32 pick_from(struct umcg_group *g, __u32 owner, __u32 *tid)
{
	struct umcg_task *o = umcg_slot(g, owner);
	__u32 newest, slot;

	if (!o || __atomic_load_n(&o->head, __ATOMIC_RELAXED) == UMCG_LIST_END)
		return 0;
	/* acquire: pairs with the push, as in umcg_list_take() */
	newest = __atomic_exchange_n(&o->head, UMCG_LIST_END, __ATOMIC_ACQUIRE);
	if (!queued_slot(g, newest))
		return 0;
	slot = cut_oldest(g, &newest, tid);
	put_back(g, owner, newest);
	return slot;
}

__u32 sync_pick(struct umcg_group *g, const struct umcg_task *self, __u32 *tid)
{
	__u32 server = UMCG_CUR_SLOT(umcg_cur(self));
	__u32 slot = server ? pick_from(g, server, tid) : 0;

	return slot ? slot : pick_from(g, 0, tid);
}

void sync_pick_undo(struct umcg_group *g, const struct umcg_task *self, __u32 slot)
{
	struct umcg_task *t = umcg_slot(g, slot);
	__u32 old = __atomic_fetch_or(&t->events, UMCG_EV_QUEUED | UMCG_EV_WAKE,
				      __ATOMIC_ACQ_REL);

	/* it has died meanwhile, and the kernel has queued it */
	if (old & UMCG_EV_QUEUED)
		return;
	__atomic_store_n(&t->link, UMCG_LIST_END, __ATOMIC_RELAXED);
	put_back(g, UMCG_CUR_SLOT(umcg_cur(self)), slot);
}
