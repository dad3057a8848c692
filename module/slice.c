// SPDX-License-Identifier: GPL-2.0-only
/*
 * slice.c - time slices
 *
 * One timer for each server that has slices to watch. A switch touches it only
 * if it is not set, or set for later than the new slice ends: when it fires it
 * looks at the run it finds, and is set for what is left of that.
 *
 * A slice is time from the start of the run. But a worker that has not had a CPU
 * for it, because the machine is busy with others, is not preempted: it would
 * never come forward. The timer then comes back later and later, so that many
 * servers with short slices on few CPUs do not make a storm of interrupts.
 */
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "umcg.h"

/* The latest look at a worker that has had no CPU, unless its slice is longer. */
#define BACKOFF_MAX_NS	(20 * NSEC_PER_MSEC)
#define MISSES_MAX	10

/* How many of those that run under one server are looked at in one interrupt. */
#define LOOKS_MAX	16U

static u64 slice_of(const struct umcg_thread *worker,
		    const struct umcg_thread *server)
{
	return worker->slice_ns ?: server->slice_ns;
}

static void begin(struct umcg_thread *worker, u64 now)
{
	worker->slice_start = now;
	worker->slice_base = READ_ONCE(worker->task->se.sum_exec_runtime);
	worker->slice_seen = false;
	worker->slice_misses = 0;
}

/*
 * Under both locks: @worker was just given the turn of @server, which is not
 * dead, so its timer will be cancelled after this. If the timer has fired and
 * waits for the lock it was set for no later than now, and is left alone.
 */
void umcg_slice_begin_locked(struct umcg_thread *worker,
			     struct umcg_thread *server)
{
	u64 slice = slice_of(worker, server);
	u64 now, end;

	if (!slice)
		return;
	now = ktime_get_ns();
	end = now + slice;
	begin(worker, now);
	if (server->slice_armed && server->slice_expires <= end)
		return;
	server->slice_armed = true;
	server->slice_expires = end;
	hrtimer_start(&server->slice_timer, ns_to_ktime(end),
		      HRTIMER_MODE_ABS_HARD);
}

/* Has the run had a CPU, so that its time may be over? */
static bool had_cpu(struct umcg_thread *worker)
{
	u64 used = READ_ONCE(worker->task->se.sum_exec_runtime) -
		   worker->slice_base;
	bool seen = worker->slice_seen;

	/* In a section, and not waiting for a CPU. */
	if (READ_ONCE(worker->asleep))
		return true;
	if (used >= UMCG_SLICE_MIN_NS)
		return true;
	/* Its account is brought up to date by ticks and switches only. */
	worker->slice_seen = READ_ONCE(worker->task->on_cpu);
	return seen && worker->slice_seen;
}

/* When to look again at a worker whose slice has ended without a CPU. */
static u64 look_again(struct umcg_thread *worker, u64 slice, u64 now)
{
	u64 delay;

	if (worker->slice_seen)
		return now + UMCG_SLICE_MIN_NS;
	if (worker->slice_misses < MISSES_MAX)
		worker->slice_misses++;
	delay = slice << worker->slice_misses;
	return now + min(delay, max(slice, BACKOFF_MAX_NS));
}

/*
 * When to look at @worker, which runs under @server, again; 0 if it has no slice.
 * @over is set to it if it is to be preempted now and nobody else is. It may be in
 * a section and go on: a new slice begins.
 */
static u64 look(struct umcg_thread *worker, struct umcg_thread *server,
		u64 now, struct umcg_thread **over)
{
	u64 slice = slice_of(worker, server);
	u64 end = worker->slice_start + slice;

	if (!slice)
		return 0;
	if (now < end)
		return max(end, now + UMCG_SLICE_MIN_NS);
	if (!had_cpu(worker))
		return look_again(worker, slice, now);
	if (*over)
		return now + UMCG_SLICE_MIN_NS;
	*over = worker;
	begin(worker, now);
	return now + slice;
}

/*
 * When to look at those whom this interrupt has left out. While nobody turns out
 * to have had a CPU that is later and later, but it takes no more than
 * BACKOFF_MAX_NS for all of them to be looked at.
 */
static u64 look_at_rest(struct umcg_thread *server, bool hit, u64 now)
{
	u64 delay, most = BACKOFF_MAX_NS * LOOKS_MAX / server->nrunning;

	if (hit)
		server->slice_misses = 0;
	else if (server->slice_misses < MISSES_MAX)
		server->slice_misses++;
	delay = min(UMCG_SLICE_MIN_NS << server->slice_misses, most);
	return now + max(delay, UMCG_SLICE_MIN_NS);
}

/*
 * Looks at those that run under @server, at a few of many in turn. Returns when
 * to look again, or 0.
 */
static u64 look_at_runners(struct umcg_thread *server,
			   struct umcg_thread **over)
{
	u32 looks = min(server->nrunning, LOOKS_MAX);
	bool all = looks == server->nrunning;
	u64 now = ktime_get_ns();
	bool hit = false;
	u64 next = 0;

	for (; looks; looks--) {
		struct umcg_thread *worker = umcg_runner_locked(server);
		u64 when = look(worker, server, now, over);

		hit |= *over || worker->slice_seen;
		list_move_tail(&worker->run_node, &server->runners);
		if (when && (!next || when < next))
			next = when;
	}
	if (!all) {
		u64 when = look_at_rest(server, hit, now);

		if (!next || when < next)
			next = when;
	}
	return next;
}

/* Hard interrupt. A worker that is found under the lock lives on under RCU. */
enum hrtimer_restart umcg_slice_timer(struct hrtimer *timer)
{
	struct umcg_thread *server = container_of(timer, struct umcg_thread,
						  slice_timer);
	struct umcg_thread *over = NULL;
	struct umcg_wakes wakes = {};
	u64 next = 0;
	u32 run = 0;

	rcu_read_lock();
	raw_spin_lock(&server->lock);
	if (!server->dead)
		next = look_at_runners(server, &over);
	if (over)
		run = over->run;
	server->slice_armed = next;
	server->slice_expires = next;
	/* Under the lock: after it a switch may set the timer for sooner. */
	if (next)
		hrtimer_set_expires(timer, ns_to_ktime(next));
	raw_spin_unlock(&server->lock);
	if (over)
		umcg_kick_worker(over, server, run, &wakes);
	rcu_read_unlock();
	umcg_wakes_run(&wakes);
	return next ? HRTIMER_RESTART : HRTIMER_NORESTART;
}
