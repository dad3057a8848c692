// SPDX-License-Identifier: GPL-2.0-only
/*
 * poll.c - a group's file can be polled
 *
 * It is readable while a worker is on the group list, and for a server that polls
 * itself also while WAIT would return: so a server can sleep in epoll or
 * io_uring, with or without a worker that it runs.
 *
 * Lists grow and servers are told under raw locks, some under the run queue's:
 * the wait queue is woken from an irq_work. A group that nobody has polled pays
 * a look at @polled.
 */
#include <linux/irq_work.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>

#include "umcg.h"

/*
 * Wakes all, also those that sleep exclusively: to whom it is readable differs,
 * and one that is woken in vain passes nothing on.
 */
static void poll_work(struct irq_work *work)
{
	struct umcg_group *group = container_of(work, struct umcg_group,
						poll_work);
	__poll_t mask = EPOLLIN | EPOLLRDNORM;

	if (READ_ONCE(group->ended))
		mask |= EPOLLHUP;
	__wake_up(&group->poll_wait, TASK_NORMAL, 0, poll_to_key(mask));
}

void umcg_poll_init(struct umcg_group *group)
{
	init_waitqueue_head(&group->poll_wait);
	init_irq_work(&group->poll_work, poll_work);
}

/* Any context, after what makes the file readable was done. */
void umcg_poll_notify(struct umcg_group *group)
{
	if (READ_ONCE(group->polled) && wq_has_sleeper(&group->poll_wait))
		irq_work_queue(&group->poll_work);
}

static bool readable(struct umcg_group *group)
{
	struct umcg_thread *self = umcg_current();

	if (READ_ONCE(umcg_slot_of(group, 0)->head) != UMCG_LIST_END)
		return true;
	if (!self || self->group != group || !self->is_server)
		return false;
	return READ_ONCE(self->pending) ||
	       READ_ONCE(self->slot->head) != UMCG_LIST_END;
}

/*
 * Who pushes does so with interrupts off and looks at @polled then: after a grace
 * period everybody sees it. A second poller that comes before the first one's is
 * over waits for one itself: who has looked too early may still have to push.
 */
__poll_t umcg_poll(struct umcg_group *group, struct file *file,
		   struct poll_table_struct *table)
{
	__poll_t mask = 0;

	if (READ_ONCE(group->polled) != UMCG_POLLED_SEEN) {
		WRITE_ONCE(group->polled, UMCG_POLLED);
		synchronize_rcu();
		WRITE_ONCE(group->polled, UMCG_POLLED_SEEN);
	}
	poll_wait(file, &group->poll_wait, table);
	if (readable(group))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(group->ended))
		mask |= EPOLLHUP;
	return mask;
}
