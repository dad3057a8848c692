// SPDX-License-Identifier: GPL-2.0-only
/*
 * list.c - putting a worker on a list
 *
 * The lists live in user memory: a head in the server's slot, links in the
 * workers'. The kernel pushes and never looks further: an exchange of the head,
 * so a process that writes to it as fast as it can delays nobody. Between the
 * exchange and the store of the link the link reads UMCG_LIST_PENDING.
 *
 * @queued, in kernel memory, is set by the push and cleared by the switch: what
 * is on a list, or was taken from one and not run yet, is not pushed again.
 */
#include "trace.h"
#include "umcg.h"

/* On the list of @server, or the group's if that is NULL; under its lock. */
static void push(struct umcg_thread *server, struct umcg_thread *thread,
		 u32 event)
{
	struct umcg_task *list = server ? server->slot :
					  umcg_slot_of(thread->group, 0);
	struct umcg_task *slot = thread->slot;
	u32 old;

	trace_umcg_wake(thread, event, server ? UMCG_TRACE_SERVER :
			UMCG_TRACE_GROUP, server);
	thread->parked = false;
	thread->queued = true;
	WRITE_ONCE(slot->link, UMCG_LIST_PENDING);
	old = xchg(&list->head, thread->index);
	/* User space follows the link when it no longer reads PENDING. */
	smp_store_release(&slot->link, old);
}

static void push_group(struct umcg_thread *thread, u32 event,
		       struct umcg_wakes *wakes)
{
	struct umcg_group *group = thread->group;

	raw_spin_lock(&group->lock);
	push(NULL, thread, event);
	umcg_idle_wake_locked(group, wakes);
	raw_spin_unlock(&group->lock);
	umcg_poll_notify(group);
}

/*
 * False if @server is dead. Its lock orders the push against its end: after
 * that its list is the heir's, and no entry may come late.
 */
static bool push_server(struct umcg_thread *server, struct umcg_thread *thread,
			u32 event, struct umcg_wakes *wakes)
{
	u32 server_event = event & UMCG_EV_REHOMED;
	bool alive;

	raw_spin_lock(&server->lock);
	alive = !server->dead;
	if (alive) {
		push(server, thread, event);
		if (server_event)
			umcg_slot_event(server, server_event);
		if (server->idle || server->notify || server_event) {
			WRITE_ONCE(server->pending, true);
			umcg_wakes_add(wakes, server);
		}
	}
	raw_spin_unlock(&server->lock);
	if (alive)
		umcg_poll_notify(server->group);
	return alive;
}

/*
 * A home that shares takes its worker itself only if it is idle. Else that goes
 * to the group list, and one idle server is woken: choice, push and waking in
 * one section, so no server can go idle in between without seeing it.
 */
static void push_shared(struct umcg_thread *home, struct umcg_thread *thread,
			u32 event, struct umcg_wakes *wakes)
{
	struct umcg_group *group = thread->group;
	bool taken;

	raw_spin_lock(&group->lock);
	raw_spin_lock(&home->lock);
	taken = home->idle && !home->pending && !home->dead;
	if (taken) {
		push(home, thread, event);
		WRITE_ONCE(home->pending, true);
		umcg_wakes_add(wakes, home);
	}
	raw_spin_unlock(&home->lock);
	if (!taken) {
		push(NULL, thread, event);
		umcg_idle_wake_locked(group, wakes);
	}
	raw_spin_unlock(&group->lock);
	umcg_poll_notify(group);
}

/*
 * Puts @worker on its home's list. Under its lock, with its state already
 * showing what it is: from the push on, a server may switch to it.
 */
void umcg_queue_locked(struct umcg_thread *worker, u32 event,
		       struct umcg_wakes *wakes)
{
	struct umcg_thread *home = worker->home;

	if (worker->queued) {
		trace_umcg_wake(worker, event, UMCG_TRACE_SAME, NULL);
		umcg_slot_event(worker, event);
		return;
	}
	umcg_slot_state(worker, 0);
	umcg_slot_event(worker, event | UMCG_EV_QUEUED);
	if (home && home->shared)
		push_shared(home, worker, event, wakes);
	else if (!home || !push_server(home, worker, event, wakes))
		push_group(worker, event, wakes);
}

/*
 * Puts the slot of a dead thread on a list, so that its end is heard of: on
 * @heir's, or the group's. Interrupts off; nobody else queues it any more. If it
 * is on a list now, whoever takes it sees the events.
 */
void umcg_bury(struct umcg_thread *thread, struct umcg_thread *heir, u32 event,
	       struct umcg_wakes *wakes)
{
	u32 old = atomic_fetch_or(event, (atomic_t *)&thread->slot->events);

	if (thread->queued && (old & UMCG_EV_QUEUED)) {
		trace_umcg_wake(thread, event, UMCG_TRACE_SAME, NULL);
		return;
	}
	umcg_slot_event(thread, UMCG_EV_QUEUED);
	if (!heir || !push_server(heir, thread, event, wakes))
		push_group(thread, event, wakes);
}

/*
 * Takes over what user space has written as @self's home. In its own context,
 * no lock held: whoever is no server, or dead, changes nothing.
 */
void umcg_home_refresh(struct umcg_thread *self)
{
	u32 tid = READ_ONCE(self->slot->server_tid);
	struct umcg_thread *old = self->home, *home = old;

	if (old && READ_ONCE(old->dead))
		home = NULL;
	if (tid != (home ? home->tid : 0)) {
		rcu_read_lock();
		if (!tid) {
			home = NULL;
		} else {
			struct umcg_thread *found;

			found = umcg_group_find(self->group, tid);
			if (found && found->is_server &&
			    !READ_ONCE(found->dead) &&
			    kref_get_unless_zero(&found->ref))
				home = found;
		}
		rcu_read_unlock();
	}

	if (home != old) {
		raw_spin_lock_irq(&self->lock);
		self->home = home;
		raw_spin_unlock_irq(&self->lock);
		if (old)
			umcg_thread_put(old);
	}
	if (tid != (home ? home->tid : 0))
		WRITE_ONCE(self->slot->server_tid, home ? home->tid : 0);
}
