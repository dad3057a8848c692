// SPDX-License-Identifier: GPL-2.0-only
/*
 * worker.c - WAIT by a worker: park, yield, or hand over to another worker
 *
 * Process context of the worker, except for the timer (hard interrupt).
 *
 * Who ends a timed wait is decided by who takes it out of @parked, under its
 * lock: the timer, a wake-up, a switch, or a signal's frame.
 */
#include <linux/sched/signal.h>

#include "trace.h"
#include "umcg.h"

/* What stopping came to, beside an error. */
enum {
	STOPPED = 0,
	HAD_TOKEN,		/* a WAKE came before: do not stop */
	NOT_RUNNING,		/* in unmanaged time: pass the hold, then stop */
};

/* Can this be the target of a switch by @self, whatever its state? */
int umcg_target_check(const struct umcg_thread *self,
		      const struct umcg_thread *target)
{
	if (!target)
		return -ESRCH;
	if (target == self || target->is_server)
		return -EINVAL;
	return 0;
}

/*
 * Ends @worker's run, tells its server why, and puts it on its home's list.
 * Under its lock.
 */
void umcg_preempt_locked(struct umcg_thread *worker, struct umcg_wakes *wakes)
{
	struct umcg_thread *server = worker->server;

	trace_umcg_preempt(worker, server, UMCG_TASK_RUNNABLE);
	worker->server = NULL;
	WRITE_ONCE(worker->state, UMCG_TASK_RUNNABLE);
	umcg_slot_runnable_ts(worker);
	umcg_slot_state(worker, 0);
	raw_spin_lock(&server->lock);
	umcg_tell_locked(server, worker, UMCG_CUR_PREEMPT);
	umcg_wakes_add(wakes, server);
	if (server->dead)
		worker->lease = server;
	raw_spin_unlock(&server->lock);
	umcg_queue_locked(worker, UMCG_EV_PREEMPT, wakes);
}

/* The lower address first; @two may be NULL. */
static void lock_pair(struct umcg_thread *one, struct umcg_thread *two)
	__acquires(&one->lock) __acquires(&two->lock)
{
	if (two && two < one)
		swap(one, two);
	raw_spin_lock_irq(&one->lock);
	if (two)
		raw_spin_lock_nested(&two->lock, SINGLE_DEPTH_NESTING);
	else
		__acquire(&two->lock);
}

static void unlock_pair(struct umcg_thread *one, struct umcg_thread *two)
	__releases(&one->lock) __releases(&two->lock)
{
	if (two)
		raw_spin_unlock(&two->lock);
	else
		__release(&two->lock);
	raw_spin_unlock_irq(&one->lock);
}

/*
 * @target takes over @server. The server's own next_tid follows, unless user
 * space is just writing another one; the server's next WAIT then gives EBUSY.
 */
static void inherit_locked(struct umcg_thread *self, struct umcg_thread *target,
			   struct umcg_thread *server, struct umcg_wakes *wakes)
{
	list_replace(&self->run_node, &target->run_node);
	WRITE_ONCE(self->slot->next_tid, target->tid | UMCG_TID_RUNNING);
	cmpxchg(&server->slot->next_tid, self->tid | UMCG_TID_RUNNING,
		target->tid | UMCG_TID_RUNNING);
	umcg_start_locked(target, server, wakes);
}

static int stop_locked(struct umcg_thread *self, struct umcg_thread *target,
		       bool enqueue, struct umcg_wakes *wakes)
{
	struct umcg_thread *server = self->server;
	int ret;

	if (self->released)
		return -ESHUTDOWN;
	if (self->state != UMCG_TASK_RUNNING)
		return NOT_RUNNING;
	if (!enqueue && self->token) {
		self->token = false;
		return HAD_TOKEN;
	}
	ret = target ? umcg_startable_locked(target) : 0;
	if (ret)
		return ret;
	if (self->timed_out)
		return -ETIMEDOUT;

	raw_spin_lock(&server->lock);
	if (server->dead) {
		/* It has no turn to give away: queue for another server. */
		raw_spin_unlock(&server->lock);
		umcg_preempt_locked(self, wakes);
		return NOT_RUNNING;
	}
	/* Before another one has the turn. */
	if (enqueue)
		trace_umcg_yield(self, server, UMCG_TASK_RUNNABLE);
	else
		trace_umcg_park(self, server,
				UMCG_TASK_RUNNABLE | UMCG_TRACE_PARKED);
	if (target) {
		inherit_locked(self, target, server, wakes);
	} else {
		umcg_tell_locked(server, self, UMCG_CUR_WAIT);
		umcg_wakes_add(wakes, server);
	}
	raw_spin_unlock(&server->lock);

	/* One on a list may be run at once, on another processor. */
	if (!enqueue && umcg_turn_comes_back(self))
		self->heir = get_task_struct(target ? target->task : server->task);
	self->server = NULL;
	self->wait_result = 0;
	self->wait_parks = !enqueue;
	umcg_section_end(self);
	WRITE_ONCE(self->state, UMCG_TASK_RUNNABLE);
	umcg_slot_runnable_ts(self);
	if (enqueue) {
		umcg_queue_locked(self, UMCG_EV_WAIT, wakes);
	} else {
		self->parked = true;
		umcg_slot_state(self, UMCG_TF_PARKED);
	}
	umcg_sleep_begin_locked(self);
	return STOPPED;
}

static int stop(struct umcg_thread *self, u32 next, bool enqueue)
{
	struct umcg_wakes wakes = { .here = true };
	struct umcg_thread *target = NULL;
	int ret = 0;

	preempt_disable();
	if (next) {
		target = umcg_group_find(self->group, next);
		ret = umcg_target_check(self, target);
	}
	if (!ret) {
		lock_pair(self, target);
		ret = stop_locked(self, target, enqueue, &wakes);
		unlock_pair(self, target);
		umcg_wakes_run(&wakes);
	}
	preempt_enable();
	return ret;
}

/*
 * A call made in unmanaged time is carried out when its worker runs again.
 * Nothing has been done yet: a signal is seen to first, and the call made again.
 */
int umcg_pass_hold(struct umcg_thread *self)
{
	/* Pairs with umcg_start_locked(). */
	while (smp_load_acquire(&self->state) != UMCG_TASK_RUNNING) {
		if (READ_ONCE(self->released))
			return -ESHUTDOWN;
		if (umcg_hold(self, UMCG_SLEEP_WAIT)) {
			umcg_hold_arm(self);
			return -ERESTARTNOINTR;
		}
	}
	return 0;
}

/* Also of an earlier wait, which a handler has ended. */
static void cancel_timer(struct umcg_thread *self)
{
	if (!self->timer_used)
		return;
	hrtimer_cancel(&self->timer);
	self->timer_used = false;
	self->timed_out = false;
}

/* Stops @self as @args say. */
static int begin(struct umcg_thread *self, const struct umcg_wait *args,
		 u32 next)
{
	int ret;

	cancel_timer(self);
	if (args->timeout) {
		self->timer_used = true;
		hrtimer_start(&self->timer, umcg_ktime(self, args->timeout),
			      HRTIMER_MODE_ABS_HARD);
	}
	for (;;) {
		/* The timer may be late itself. */
		if (umcg_is_late(self, args->timeout))
			WRITE_ONCE(self->timed_out, true);
		ret = stop(self, next, args->flags & UMCG_WAIT_ENQUEUE);
		if (ret != NOT_RUNNING)
			return ret;
		/* As in umcg_remote_fn(). */
		umcg_lease_put(self);
		ret = umcg_pass_hold(self);
		if (ret)
			return ret;
	}
}

/*
 * What the wait came to: the worker runs again, or has to see to a signal. Who runs
 * stays so until it comes here, and nobody else writes its result any more.
 */
static int end(struct umcg_thread *self)
{
	int ret = -ERESTARTNOHAND;

	if (READ_ONCE(self->released))
		ret = -ESHUTDOWN;
	/* Pairs with umcg_start_locked(). */
	else if (smp_load_acquire(&self->state) == UMCG_TASK_RUNNING)
		ret = self->wait_result;
	self->restart = ret == -ERESTARTNOHAND;
	return ret;
}

/* A new wait: stops @self and sleeps. */
static int wait(struct umcg_thread *self, const struct umcg_wait *args)
{
	u32 next = READ_ONCE(self->slot->next_tid);
	u32 resume_next = self->resume_next;
	int ret;

	if (next & UMCG_TID_RUNNING) {
		/* Run again after a handler, its target was started before. */
		if (next != resume_next)
			return -EINVAL;
		next = 0;
	}
	self->resume_next = 0;
	umcg_home_refresh(self);

	umcg_turn_ends(self);
	ret = begin(self, args, next);
	if (ret == -ERESTARTNOINTR)
		self->resume_next = resume_next;
	if (ret != STOPPED)
		return ret == HAD_TOKEN ? 0 : ret;
	umcg_sleep_lazily(self);
	umcg_sleep_until_run(self, UMCG_SLEEP_WAIT);
	umcg_turn_begins(self);
	return end(self);
}

/*
 * A wait that a signal had left goes on. As in a hold: on its way back here the
 * worker may have been asleep elsewhere, and been taken for BLOCKED.
 */
static int wait_on(struct umcg_thread *self)
{
	self->restart = false;
	umcg_hold(self, UMCG_SLEEP_WAIT);
	return end(self);
}

int umcg_worker_wait(struct umcg_thread *self, const struct umcg_wait *args)
{
	int ret;

	if ((args->flags & UMCG_WAIT_ENQUEUE) && args->timeout)
		return -EINVAL;
	ret = self->restart ? wait_on(self) : wait(self, args);
	if (ret == -ERESTARTNOHAND)
		umcg_hold_arm(self);
	else
		cancel_timer(self);
	return ret;
}

/* Hard interrupt. */
enum hrtimer_restart umcg_wait_timer(struct hrtimer *timer)
{
	struct umcg_thread *self = container_of(timer, struct umcg_thread,
						timer);
	struct umcg_wakes wakes = {};

	raw_spin_lock(&self->lock);
	if (self->parked) {
		self->wait_result = -ETIMEDOUT;
		umcg_queue_locked(self, UMCG_EV_TIMEOUT, &wakes);
	} else {
		WRITE_ONCE(self->timed_out, true);
	}
	raw_spin_unlock(&self->lock);
	umcg_wakes_run(&wakes);
	return HRTIMER_NORESTART;
}
