// SPDX-License-Identifier: MIT
/*
 * The slots of another process, read from its memory. It may write there what it likes:
 * nothing of it is believed but to be shown.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "groups.h"

#define REALTIME_ONLY	1000000000000000000ULL	/* ns: no machine has been up for 31 years */

static int read_memory(pid_t pid, uint64_t at, void *to, size_t size)
{
	struct iovec local = { to, size }, remote = { (void *)(uintptr_t)at, size };
	ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EFAULT;
}

/* Several groups may be mapped: it is the one where the servers are where they should. */
static int read_if_ours(const struct ps_group *g, uint64_t at, uint64_t end,
			struct umcg_task *slots)
{
	size_t i, size = g->slots * sizeof(*slots);
	int error;

	if (end - at < size)
		return -ENOENT;
	error = read_memory(g->pid, at, slots, size);
	for (i = 0; !error && i < g->nservers; i++)
		if (g->servers[i].slot < g->slots &&
		    slots[g->servers[i].slot].tid != g->servers[i].tid)
			error = -ENOENT;
	return error;
}

static int read_slots(const struct ps_group *g, struct umcg_task *slots)
{
	char path[64], *line = NULL;
	unsigned long at, end, offset;
	int error = -ENOENT;
	size_t size = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", g->pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	while (error == -ENOENT && getline(&line, &size, maps) > 0)
		if (holders_is_map(line) &&
		    sscanf(line, "%lx-%lx %*s %lx", &at, &end, &offset) == 3 && !offset)
			error = read_if_ours(g, at, end, slots);
	free(line);
	fclose(maps);
	return error;
}

/* A thread chooses its clock, and does not say which: it is one of two by their size. */
static uint64_t age(uint64_t when)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(when > REALTIME_ONLY ? CLOCK_REALTIME : CLOCK_BOOTTIME, &now);
	ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (!when)
		return UINT64_MAX;
	return ns > when ? ns - when : 0;
}

static void add_worker(struct ps_group *g, uint32_t index, const struct umcg_task *slot)
{
	uint32_t state = slot->state & UMCG_TASK_MASK;
	struct ps_worker *w = &g->workers[g->nworkers++];

	*w = (struct ps_worker){ .tid = slot->tid, .slot = index, .state = state,
				 .events = slot->events, .home = slot->server_tid,
				 .nr = slot->state >> UMCG_BLOCKED_SHIFT,
				 .parked = slot->state & UMCG_TF_PARKED,
				 .since_ns = UINT64_MAX };
	if (state == UMCG_TASK_BLOCKED)
		w->since_ns = age(slot->blocked_ts);
	else if (state == UMCG_TASK_RUNNABLE)
		w->since_ns = age(slot->runnable_ts);
}

static bool is_server(const struct ps_group *g, uint32_t slot)
{
	size_t i;

	for (i = 0; i < g->nservers; i++)
		if (g->servers[i].slot == slot)
			return true;
	return false;
}

void groups_read_slots(struct ps_group *g)
{
	struct umcg_task *slots = calloc(g->slots, sizeof(*slots));
	uint32_t i;

	g->workers = calloc(g->slots, sizeof(*g->workers));
	if (!slots || !g->workers)
		g->slots_error = -ENOMEM;
	else
		g->slots_error = read_slots(g, slots);
	for (i = 1; !g->slots_error && i < g->slots; i++)
		if ((slots[i].state & UMCG_TASK_MASK) != UMCG_TASK_NONE && !is_server(g, i))
			add_worker(g, i, &slots[i]);
	free(slots);
}
