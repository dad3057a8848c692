// SPDX-License-Identifier: GPL-2.0-only
/*
 * section.c - no-preempt sections
 *
 * A worker says in its slot that it must not lose its turn for a moment: it holds
 * a lock of the scheduler itself, or has a worker in its hands. While it does,
 * its blocking is not reported and a preemption is owed instead of made. It ends
 * the section with one exchange of the word, which tells it what is owed.
 *
 * It is the process's own business how long: the second slice that ends in one
 * section preempts all the same, a kick that finds the worker asleep takes it
 * for blocked, and exit and kill do not ask.
 */
#include "umcg.h"

bool umcg_section_set(const struct umcg_thread *worker)
{
	return READ_ONCE(worker->slot->section) & UMCG_SECTION_NOPREEMPT;
}

/* The worker stops of its own will, or is preempted all the same. */
void umcg_section_end(struct umcg_thread *worker)
{
	WRITE_ONCE(worker->slot->section, 0);
	worker->slice_owed = false;
}

/* In @self's own context. Is the preemption that is due owed instead? */
bool umcg_section_defers_locked(struct umcg_thread *self)
{
	u32 *word = &self->slot->section;
	u32 old = READ_ONCE(*word);

	if (!(old & UMCG_SECTION_OWED))
		self->slice_owed = false;
	if (self->kick_slice && self->slice_owed) {
		umcg_section_end(self);
		return false;
	}
	do {
		if (!(old & UMCG_SECTION_NOPREEMPT))
			return false;
	} while (!try_cmpxchg(word, &old, old | UMCG_SECTION_OWED));
	if (self->kick_slice)
		self->slice_owed = true;
	return true;
}

/* @worker is RUNNING, asleep in a section, and kicked: that is a block now. */
void umcg_section_block_locked(struct umcg_thread *worker,
			       struct umcg_wakes *wakes)
{
	struct umcg_thread *server = worker->server;

	worker->asleep = false;
	worker->server = NULL;
	WRITE_ONCE(worker->state, UMCG_TASK_BLOCKED);
	umcg_slot_state(worker, 0);
	raw_spin_lock(&server->lock);
	umcg_tell_locked(server, worker, UMCG_CUR_BLOCK);
	if (server->dead)
		worker->lease = server;
	umcg_wakes_add(wakes, server);
	raw_spin_unlock(&server->lock);
}
