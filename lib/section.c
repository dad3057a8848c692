// SPDX-License-Identifier: MIT
/*
 * No-preempt sections: a word that the worker sets, and clears with one exchange.
 *
 * The kernel reads the word in the worker's own context only, when that is
 * switched out or is to stop: so no other thread has to see it, and nothing is
 * ordered but the compiler's stores.
 */
#include "internal.h"

UMCG_PUBLIC void umcg_section_begin(struct umcg_task *self)
{
	/* not a plain store: what is owed to a section around this one stays */
	__atomic_fetch_or(&self->section, UMCG_SECTION_NOPREEMPT, __ATOMIC_ACQUIRE);
}

UMCG_PUBLIC int umcg_section_end(struct umcg_group *g, struct umcg_task *self)
{
	__u32 old = __atomic_exchange_n(&self->section, 0, __ATOMIC_RELEASE);
	int error;

	if (!(old & UMCG_SECTION_OWED))
		return 0;
	error = umcg_run(g, self, 0, UMCG_WAIT_ENQUEUE, 0);
	return error ? error : 1;
}
