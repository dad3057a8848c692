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

/*
 * In sched_out of @self, which is RUNNING. Is it not to be told that it sleeps? If
 * a preemption is due, owed already or just sent, this is when it is paid: who
 * has kicked is not to wait for as long as that sleep lasts.
 */
bool umcg_section_hides_locked(struct umcg_thread *self)
{
	u32 *word = &self->slot->section;

	if (!(READ_ONCE(*word) & UMCG_SECTION_NOPREEMPT))
		return false;
	if (self->kick_run != self->run)
		return true;
	atomic_andnot(UMCG_SECTION_OWED, (atomic_t *)word);
	self->slice_owed = false;
	return false;
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
	if (!(old & UMCG_SECTION_NOPREEMPT))
		return false;
	/* Not in a loop: other threads may write to it as fast as they can. */
	atomic_or(UMCG_SECTION_OWED, (atomic_t *)word);
	if (self->kick_slice)
		self->slice_owed = true;
	return true;
}
