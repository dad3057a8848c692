// SPDX-License-Identifier: GPL-2.0-only
/*
 * slice.c - time slices
 *
 * One timer for each server that has slices to watch. It is not touched by
 * a switch: it looks at the run it finds when it fires, and is started again for
 * what is left of that. So a switch costs a look at @slice_armed.
 *
 * A slice is time from the start of the run. But a worker that has not had a CPU
 * for it, because the machine is busy with others, is not preempted: it would
 * never come forward. The timer then comes back later and later, so that many
 * servers with short slices on few CPUs do not make a storm of interrupts.
 */
#include <linux/hrtimer.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "umcg.h"

#define BACKOFF_MAX	10

static u64 slice_of(const struct umcg_thread *worker,
		    const struct umcg_thread *server)
{
	return worker->slice_ns ?: server->slice_ns;
}

/*
 * Under both locks: @worker was just given the turn of @server, which is not
 * dead, so its timer will be cancelled after this.
 */
void umcg_slice_begin_locked(struct umcg_thread *worker,
			     struct umcg_thread *server)
{
	u64 slice = slice_of(worker, server);

	if (!slice)
		return;
	WRITE_ONCE(worker->slice_start, ktime_get_ns());
	WRITE_ONCE(worker->slice_base, worker->task->se.sum_exec_runtime);
	if (server->slice_armed)
		return;
	server->slice_armed = true;
	hrtimer_start(&server->slice_timer, ns_to_ktime(slice),
		      HRTIMER_MODE_REL_HARD);
}

/* Has the run had a CPU, so that its time may be over? */
static bool had_cpu(struct umcg_thread *server, struct umcg_thread *worker)
{
	u64 used = READ_ONCE(worker->task->se.sum_exec_runtime) -
		   READ_ONCE(worker->slice_base);
	bool seen = server->slice_run == worker->run;

	if (used >= UMCG_SLICE_MIN_NS)
		return true;
	/* Its account is brought up to date by ticks and switches only. */
	if (!READ_ONCE(worker->task->on_cpu))
		return false;
	server->slice_run = worker->run;
	return seen;
}

/* How long until the timer is to look again; *@over: preempt @worker now. */
static u64 next_look(struct umcg_thread *server, struct umcg_thread *worker,
		     bool *over)
{
	u64 slice = slice_of(worker, server);
	u64 ran = ktime_get_ns() - READ_ONCE(worker->slice_start);

	if (!slice)
		return 0;
	if (ran < slice) {
		server->slice_misses = 0;
		return max_t(u64, slice - ran, UMCG_SLICE_MIN_NS);
	}
	*over = had_cpu(server, worker);
	if (*over) {
		server->slice_misses = 0;
		server->slice_run = 0;
		return slice;
	}
	if (server->slice_run == worker->run)
		return UMCG_SLICE_MIN_NS;
	if (server->slice_misses < BACKOFF_MAX)
		server->slice_misses++;
	return slice << server->slice_misses;
}

/* Hard interrupt. A worker that is found under the lock lives on under RCU. */
enum hrtimer_restart umcg_slice_timer(struct hrtimer *timer)
{
	struct umcg_thread *server = container_of(timer, struct umcg_thread,
						  slice_timer);
	struct umcg_wakes wakes = {};
	struct umcg_thread *worker;
	bool over = false;
	u64 delay = 0;

	rcu_read_lock();
	raw_spin_lock(&server->lock);
	worker = server->running;
	if (worker && !server->dead)
		delay = next_look(server, worker, &over);
	if (!delay)
		server->slice_armed = false;
	raw_spin_unlock(&server->lock);
	if (over)
		umcg_kick_worker(worker, server, true, &wakes);
	rcu_read_unlock();
	umcg_wakes_run(&wakes);
	if (!delay)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(delay));
	return HRTIMER_RESTART;
}
