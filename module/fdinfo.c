// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdinfo.c - what /proc/PID/fdinfo/FD tells of a group
 *
 * Process context of whoever reads that: by the rules of /proc that is who may look
 * into the process. The open file holds the group. Threads are walked under RCU, and
 * each is looked at under its own lock, one at a time: what is told of one is true,
 * what is told of all is not of one moment.
 */
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "umcg.h"

/**
 * struct counts - of workers with the same home
 * @workers:	how many
 * @queued:	put on a list and not run since
 * @listed:	those of them that nobody has taken from it
 */
struct counts {
	u32 workers;
	u32 queued;
	u32 listed;
};

/**
 * struct census - of a group
 * @homes:	by the slot of the home; 0: the group's list
 * @slots:	how many of them, the highest that is used and one
 * @servers:	how many there are
 * @states:	workers by UMCG_TASK_*
 * @parked:	RUNNABLE workers that are
 * @away:	likewise
 * @runs:	how often those that are there were run
 */
struct census {
	struct counts *homes;
	u32 slots;
	u32 servers;
	u32 states[UMCG_TASK_BLOCKED + 1];
	u32 parked;
	u32 away;
	u64 runs;
};

static u32 count_slots(struct umcg_group *group)
{
	struct umcg_thread *thread;
	u32 slots = 1;

	rcu_read_lock();
	list_for_each_entry_rcu(thread, &group->threads, thread_node)
		slots = max(slots, thread->index + 1);
	rcu_read_unlock();
	return slots;
}

/* Under RCU, which the home is good for. */
static void count_worker(struct census *census, struct umcg_thread *worker)
{
	struct umcg_thread *home;
	struct counts *counts;
	u32 index;

	raw_spin_lock_irq(&worker->lock);
	home = worker->home;
	index = home ? home->index : 0;
	counts = index < census->slots ? &census->homes[index] : NULL;
	census->states[worker->state]++;
	census->runs += worker->run;
	census->parked += worker->parked;
	census->away += worker->away;
	if (counts && worker->state != UMCG_TASK_NONE) {
		counts->workers++;
		counts->queued += worker->queued;
		counts->listed += worker->queued &&
				  (READ_ONCE(worker->slot->events) & UMCG_EV_QUEUED);
	}
	raw_spin_unlock_irq(&worker->lock);
}

static void count(struct umcg_group *group, struct census *census)
{
	struct umcg_thread *thread;

	rcu_read_lock();
	list_for_each_entry_rcu(thread, &group->threads, thread_node) {
		if (thread->is_server)
			census->servers++;
		else
			count_worker(census, thread);
	}
	rcu_read_unlock();
}

static void show_group(struct seq_file *m, struct umcg_group *group,
		       const struct census *census)
{
	seq_printf(m, "umcg-group:\t%u\n", group->id);
	seq_printf(m, "umcg-owner:\t%d\n", pid_vnr(group->tgid));
	seq_printf(m, "umcg-ended:\t%d\n", READ_ONCE(group->ended));
	seq_printf(m, "umcg-slots:\t%u\n", census->slots);
	seq_printf(m, "umcg-servers:\t%u\n", census->servers);
	seq_printf(m, "umcg-workers:\trunning=%u runnable=%u parked=%u away=%u blocked=%u\n",
		   census->states[UMCG_TASK_RUNNING],
		   census->states[UMCG_TASK_RUNNABLE], census->parked,
		   census->away, census->states[UMCG_TASK_BLOCKED]);
	seq_printf(m, "umcg-runs:\t%llu\n", census->runs);
	seq_printf(m, "umcg-list:\tworkers=%u queued=%u listed=%u\n",
		   census->homes[0].workers, census->homes[0].queued,
		   census->homes[0].listed);
}

static const char *server_state(const struct umcg_thread *server)
{
	if (server->state == UMCG_TASK_NONE)
		return "gone";
	if (server->idle)
		return "idle";
	return server->in_wait ? "waits" : "itself";
}

static void show_server(struct seq_file *m, const struct census *census,
			struct umcg_thread *server)
{
	static const struct counts none;
	const struct counts *counts = server->index < census->slots ?
				      &census->homes[server->index] : &none;
	struct umcg_thread *worker;
	const char *state;
	u32 running, tid;

	raw_spin_lock_irq(&server->lock);
	state = server_state(server);
	running = server->nrunning;
	worker = umcg_runner_locked(server);
	tid = worker ? worker->tid : 0;
	raw_spin_unlock_irq(&server->lock);
	seq_printf(m, "umcg-server:\ttid=%u slot=%u state=%s running=%u worker=%u workers=%u queued=%u listed=%u%s%s%s\n",
		   server->tid, server->index, state, running, tid,
		   counts->workers, counts->queued, counts->listed,
		   server->notify ? " notify" : "",
		   server->shared ? " shared" : "",
		   server->multi ? " multi" : "");
}

void umcg_fdinfo(struct umcg_group *group, struct seq_file *m)
{
	struct census census = { .slots = count_slots(group) };
	struct umcg_thread *thread;

	census.homes = kvcalloc(census.slots, sizeof(*census.homes),
				GFP_KERNEL_ACCOUNT);
	if (!census.homes)
		return;
	count(group, &census);
	show_group(m, group, &census);
	rcu_read_lock();
	list_for_each_entry_rcu(thread, &group->threads, thread_node)
		if (thread->is_server)
			show_server(m, &census, thread);
	rcu_read_unlock();
	kvfree(census.homes);
}
