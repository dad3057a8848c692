// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait.c - WAIT by a server: run a worker, or idle
 *
 * Process context of the server. What user space asked for is read once. Target
 * and rule are checked, the caller is stopped and the target started in one
 * section; an error has changed nothing. Then the target is woken, then the
 * caller sleeps.
 */
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>

#include "compat/syscall.h"
#include "trace.h"
#include "umcg.h"

/* Under @server->lock: its worker has stopped. */
void umcg_tell_locked(struct umcg_thread *server, struct umcg_thread *worker,
		      u32 why)
{
	/* A dead one's slot may be another's. */
	if (!server->dead)
		WRITE_ONCE(server->slot->cur, worker->index | why);
	list_del(&worker->run_node);
	server->nrunning--;
	WRITE_ONCE(server->pending, true);
	umcg_poll_notify(server->group);
}

/* Under @server->lock: who runs under it, or one of several; NULL if nobody. */
struct umcg_thread *umcg_runner_locked(struct umcg_thread *server)
{
	return list_first_entry_or_null(&server->runners, struct umcg_thread,
					run_node);
}

/* May @worker be switched to? Under its lock. */
int umcg_startable_locked(struct umcg_thread *worker)
{
	if (worker->released)
		return -ESHUTDOWN;
	if (worker->state == UMCG_TASK_NONE)
		return -ESRCH;
	if (worker->state != UMCG_TASK_RUNNABLE)
		return -EAGAIN;
	if (worker->queued &&
	    (READ_ONCE(worker->slot->events) & UMCG_EV_QUEUED))
		return -EAGAIN;
	if (worker->away) {
		/*
		 * Stopped, traced, frozen, or asleep in a fault while its frame
		 * is built: its switch-out is over, no block would be seen.
		 */
		umcg_slot_blocked(worker, compat_syscall_nr(worker->task));
		trace_umcg_block(worker, NULL);
		WRITE_ONCE(worker->state, UMCG_TASK_BLOCKED);
		worker->queued = false;
		worker->parked = false;
		umcg_slot_state(worker, 0);
		return -EAGAIN;
	}
	return 0;
}

/*
 * Gives @server's turn to @worker, which is among its runners. Under both locks, all
 * checks done; a dead server has no turn to give.
 */
void umcg_start_locked(struct umcg_thread *worker, struct umcg_thread *server,
		       struct umcg_wakes *wakes)
{
	trace_umcg_run(worker, server);
	/* A handler comes first, and its WAIT is called again after that. */
	if (worker->frame && !worker->queued)
		worker->token = true;
	worker->server = server;
	worker->queued = false;
	worker->parked = false;
	WRITE_ONCE(worker->frame, false);
	worker->blocked_in = 0;
	worker->kick_slice = false;
	worker->run++;
	WRITE_ONCE(worker->slot->cur, server->index);
	/* As in umcg_slot_state(). */
	smp_store_release(&worker->slot->state, UMCG_TASK_RUNNING);
	WRITE_ONCE(server->slot->cur, worker->index | UMCG_CUR_RUNNING);
	umcg_slice_begin_locked(worker, server);
	/*
	 * Last: on its way to user mode it looks at this without the lock, and what
	 * it reads in its slot and its server's there is to be true.
	 */
	smp_store_release(&worker->state, UMCG_TASK_RUNNING);
	umcg_wakes_add(wakes, worker);
}

/* @worker: the tid of whom it runs, 0 if it idles. */
static void server_sleep_begin_locked(struct umcg_thread *self, u32 worker)
{
	trace_umcg_server_wait(self, worker);
	umcg_sleep_begin_locked(self);
}

/*
 * Row "tid": starts that worker. On success the server is about to sleep. What else
 * it waits for is not to come late.
 */
static int start(struct umcg_thread *self, u32 tid, u64 timeout)
{
	bool may_stay = umcg_turn_comes_back(self) && !timeout && !self->notify;
	bool late = umcg_is_late(self, timeout);
	struct umcg_wakes wakes = { .here = true };
	struct umcg_thread *worker;
	int ret;

	preempt_disable();
	worker = umcg_group_find(self->group, tid);
	ret = umcg_target_check(self, worker);
	if (ret)
		goto out;

	raw_spin_lock_irq(&worker->lock);
	ret = umcg_startable_locked(worker);
	raw_spin_lock(&self->lock);
	if (!ret && self->nrunning && !self->multi)
		ret = -EBUSY;
	if (!ret && late)
		ret = -ETIMEDOUT;
	if (!ret) {
		WRITE_ONCE(self->slot->next_tid, tid | UMCG_TID_RUNNING);
		list_add(&worker->run_node, &self->runners);
		self->nrunning++;
		umcg_start_locked(worker, self, &wakes);
		server_sleep_begin_locked(self, tid);
		if (may_stay)
			self->heir = get_task_struct(worker->task);
	}
	raw_spin_unlock(&self->lock);
	raw_spin_unlock_irq(&worker->lock);
	umcg_wakes_run(&wakes);
out:
	preempt_enable();
	return ret;
}

/* One of several that @self may run. It can stop at any time, as any other. */
static bool runs_one_of_many(struct umcg_thread *self, u32 tid)
{
	struct umcg_thread *worker;
	bool runs = false;

	preempt_disable();
	worker = umcg_group_find(self->group, tid);
	if (worker && !worker->is_server) {
		raw_spin_lock_irq(&worker->lock);
		runs = worker->state == UMCG_TASK_RUNNING &&
		       worker->server == self;
		raw_spin_unlock_irq(&worker->lock);
	}
	preempt_enable();
	return runs;
}

/* Row "tid with bit 31": sleeps on, if that worker runs under this server. */
static int sleep_on(struct umcg_thread *self, u32 tid)
{
	bool multi = self->multi && runs_one_of_many(self, tid);
	struct umcg_thread *running;
	int ret = 0;

	raw_spin_lock_irq(&self->lock);
	running = umcg_runner_locked(self);
	if (multi || (running && running->tid == tid)) {
		server_sleep_begin_locked(self, tid);
	} else {
		/* That it stopped is what was pending. */
		WRITE_ONCE(self->pending, false);
		ret = -EAGAIN;
	}
	raw_spin_unlock_irq(&self->lock);
	return ret;
}

static void idle(struct umcg_thread *self)
{
	umcg_idle_begin(self);
	raw_spin_lock_irq(&self->lock);
	server_sleep_begin_locked(self, 0);
	raw_spin_unlock_irq(&self->lock);
}

/* Under @self->lock. */
static bool has_reason_to_return(struct umcg_thread *self)
{
	struct umcg_task *header = umcg_slot_of(self->group, 0);

	if (self->pending || self->released)
		return true;
	return self->idle &&
	       (READ_ONCE(self->slot->head) != UMCG_LIST_END ||
		READ_ONCE(header->head) != UMCG_LIST_END);
}

/* Sleeps until there is a reason to return, or the timeout or a signal comes. */
static int server_sleep(struct umcg_thread *self, ktime_t *expires)
{
	bool expired = false;
	bool done;
	int ret;

	for (;;) {
		/*
		 * Not TASK_FREEZABLE: an idle server that v1's freezer takes where
		 * it sleeps would still be chosen. Woken, it leaves and waits again.
		 */
		set_current_state(TASK_INTERRUPTIBLE);
		raw_spin_lock_irq(&self->lock);
		done = has_reason_to_return(self);
		if (done)
			WRITE_ONCE(self->pending, false);
		self->sleeping = !done;
		raw_spin_unlock_irq(&self->lock);
		if (done) {
			ret = READ_ONCE(self->released) ? -ESHUTDOWN : 0;
			break;
		}
		if (signal_pending(current)) {
			ret = -ERESTARTNOHAND;
			break;
		}
		if (expired) {
			ret = -ETIMEDOUT;
			break;
		}
		if (expires)
			expired = !schedule_hrtimeout_range_clock(expires, 0,
								  HRTIMER_MODE_ABS,
								  self->clock);
		else
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	trace_umcg_server_wake(self, ret);
	umcg_sleep_end(self);
	return ret;
}

/* The slot of a worker that exited under @self was to be seen until now. */
static void free_corpse(struct umcg_thread *self)
{
	u32 corpse;

	if (likely(!READ_ONCE(self->corpse)))
		return;
	raw_spin_lock_irq(&self->lock);
	corpse = self->corpse;
	self->corpse = 0;
	raw_spin_unlock_irq(&self->lock);
	umcg_slot_free(self->group, corpse);
}

static int server_begin(struct umcg_thread *self, u32 next, u64 timeout)
{
	/* Left for a signal that had no handler: the same wait goes on. */
	if (self->restart) {
		self->restart = false;
		if (next & UMCG_TID_RUNNING) {
			raw_spin_lock_irq(&self->lock);
			server_sleep_begin_locked(self, next & UMCG_TID_MASK);
			raw_spin_unlock_irq(&self->lock);
			return 0;
		}
	}
	if (!next) {
		idle(self);
		return 0;
	}
	if (next & UMCG_TID_RUNNING)
		return sleep_on(self, next & ~UMCG_TID_RUNNING);
	return start(self, next, timeout);
}

static int server_wait(struct umcg_thread *self, const struct umcg_wait *args)
{
	u32 next = READ_ONCE(self->slot->next_tid);
	ktime_t expires = umcg_ktime(self, args->timeout);
	int ret;

	if (args->flags)
		return -EINVAL;
	/* A WAIT that goes on may not have told of it yet. */
	if (!(next & UMCG_TID_RUNNING))
		free_corpse(self);
	umcg_turn_ends(self);
	ret = server_begin(self, next, args->timeout);
	if (ret)
		return ret;
	umcg_sleep_lazily(self);
	ret = server_sleep(self, args->timeout ? &expires : NULL);
	umcg_turn_begins(self);
	if (self->idle)
		umcg_idle_end(self, ret);
	if (ret == -ERESTARTNOHAND)
		self->restart = true;
	return ret;
}

int umcg_wait(struct umcg_thread *self, const struct umcg_wait *args)
{
	if (self->is_server)
		return server_wait(self, args);
	return umcg_worker_wait(self, args);
}
