// SPDX-License-Identifier: GPL-2.0-only
/*
 * slot.c - the memory that the process maps, and who has which slot
 *
 * Slots are written by the process at any time: nothing read from one is
 * believed, no index or link is followed here. Writing is allowed in every
 * context, the pages are never unmapped while the group lives.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "umcg.h"

/* Process context. The page stays until the group is freed. */
struct page *umcg_slots_page(struct umcg_group *group, unsigned long nr)
{
	struct page *page;

	/* Pairs with the store below: the page is cleared before it is seen. */
	page = smp_load_acquire(&group->pages[nr]);
	if (page)
		return page;

	mutex_lock(&group->pages_lock);
	page = group->pages[nr];
	if (!page) {
		page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		/* Pairs with the load above. */
		smp_store_release(&group->pages[nr], page);
	}
	mutex_unlock(&group->pages_lock);
	return page;
}

struct umcg_task *umcg_slot_of(struct umcg_group *group, u32 index)
{
	struct page *page = group->pages[index / UMCG_SLOTS_PER_PAGE];
	struct umcg_task *slots = page_address(page);

	return slots + index % UMCG_SLOTS_PER_PAGE;
}

int umcg_slots_init(struct umcg_group *group)
{
	struct umcg_task *header;

	mutex_init(&group->pages_lock);
	ida_init(&group->slot_ids);
	if (!umcg_slots_page(group, 0))
		return -ENOMEM;
	header = umcg_slot_of(group, 0);
	header->head = UMCG_LIST_END;
	header->link = UMCG_LIST_END;
	header->tid = pid_vnr(group->tgid);
	return 0;
}

void umcg_slots_destroy(struct umcg_group *group)
{
	unsigned long i;

	for (i = 0; i < UMCG_PAGES_MAX; i++)
		if (group->pages[i])
			put_page(group->pages[i]);
	ida_destroy(&group->slot_ids);
}

/* Process context, no lock held. */
void umcg_slot_free(struct umcg_group *group, u32 index)
{
	if (index)
		ida_free(&group->slot_ids, index);
}

/* @worker is asleep in call @nr, or -1. Under its lock; its state follows. */
void umcg_slot_blocked(struct umcg_thread *worker, int nr)
{
	worker->blocked_in = nr & UMCG_BLOCKED_FAULT;
	if (worker->timestamps)
		WRITE_ONCE(worker->slot->blocked_ts, umcg_now(worker));
}

void umcg_slot_event(struct umcg_thread *thread, u32 events)
{
	atomic_or(events, (atomic_t *)&thread->slot->events);
}

/*
 * The dead whose slots are still on a list keep them, and their object, until
 * user space has taken the slot from the list and cleared QUEUED. Passes @thread's
 * reference on.
 */
void umcg_zombie_add(struct umcg_thread *thread)
{
	struct umcg_group *group = thread->group;

	raw_spin_lock_irq(&group->lock);
	list_add_tail(&thread->zombie_node, &group->zombies);
	raw_spin_unlock_irq(&group->lock);
}

/*
 * Process context. Frees the slots of the dead that were taken, looking at a few
 * at a time so that interrupts are not off for long.
 */
#define REAP_BATCH	32

static void reap_some(struct umcg_group *group)
{
	struct umcg_thread *thread, *next;
	unsigned int looked = 0;
	LIST_HEAD(kept);
	LIST_HEAD(taken);

	raw_spin_lock_irq(&group->lock);
	list_for_each_entry_safe(thread, next, &group->zombies, zombie_node) {
		bool queued;

		if (looked++ == REAP_BATCH)
			break;
		queued = READ_ONCE(thread->slot->events) & UMCG_EV_QUEUED;
		/* A dead server's list is to be drained as well. */
		if (thread->is_server &&
		    READ_ONCE(thread->slot->head) != UMCG_LIST_END)
			queued = true;
		list_move_tail(&thread->zombie_node, queued ? &kept : &taken);
	}
	list_splice_tail(&kept, &group->zombies);
	raw_spin_unlock_irq(&group->lock);

	list_for_each_entry_safe(thread, next, &taken, zombie_node) {
		list_del(&thread->zombie_node);
		umcg_slot_free(group, thread->corpse);
		umcg_slot_free(group, thread->index);
		umcg_thread_put(thread);
	}
}

static void reap_all(struct umcg_group *group)
{
	unsigned int batch;

	for (batch = 0; batch < UMCG_SLOTS_MAX / REAP_BATCH; batch++) {
		if (list_empty_careful(&group->zombies))
			break;
		reap_some(group);
	}
}

static int slot_id(struct umcg_group *group)
{
	return ida_alloc_range(&group->slot_ids, 1, UMCG_SLOTS_MAX - 1,
			       GFP_KERNEL_ACCOUNT);
}

/* Process context. Sets @thread's slot, cleared but for its generation. */
int umcg_slot_alloc(struct umcg_thread *thread)
{
	struct umcg_group *group = thread->group;
	struct umcg_task *slot;
	u32 gen;
	int id;

	reap_some(group);
	id = slot_id(group);
	if (id == -ENOSPC) {
		reap_all(group);
		id = slot_id(group);
	}
	if (id < 0)
		return id;
	if (!umcg_slots_page(group, id / UMCG_SLOTS_PER_PAGE)) {
		ida_free(&group->slot_ids, id);
		return -ENOMEM;
	}

	slot = umcg_slot_of(group, id);
	gen = READ_ONCE(slot->gen);
	memset(slot, 0, sizeof(*slot));
	slot->gen = gen + 1;
	slot->link = UMCG_LIST_END;
	slot->head = UMCG_LIST_END;
	thread->slot = slot;
	thread->index = id;
	return 0;
}
