/* SPDX-License-Identifier: MIT */
/* groups.h - the groups of other processes, as far as the caller may look into them */
#ifndef UMCG_GROUPS_H
#define UMCG_GROUPS_H

#include <stdint.h>

#include "tool.h"

enum server_state { SERVER_ITSELF, SERVER_WAITS, SERVER_IDLE, SERVER_GONE };

extern const char *const server_states[];

/**
 * struct ps_server - a line of fdinfo
 * @running:	how many run under it
 * @worker:	tid of one of them, 0: none
 * @workers:	whose home it is
 * @queued:	of those, how many were queued and not run since
 * @listed:	of those, how many nobody has taken from the list
 */
struct ps_server {
	uint32_t tid, slot, running, worker, workers, queued, listed;
	enum server_state state;
};

/**
 * struct ps_worker - a slot
 * @state:	UMCG_TASK_*
 * @nr:		what it is blocked in, or was
 * @since_ns:	how long in that state; UINT64_MAX: it has no timestamps
 */
struct ps_worker {
	uint32_t tid, slot, state, events, home, nr;
	bool parked;
	uint64_t since_ns;
};

/**
 * struct ps_group - what is known of one
 * @slots_error: 0, or -errno: there are no @workers, but their number is known
 * @list:	of the group: tid and state mean nothing
 */
struct ps_group {
	pid_t pid;
	char comm[32];
	uint32_t id, slots;
	bool ended;
	uint32_t running, runnable, parked, away, blocked;
	uint64_t runs;
	struct ps_server list;
	struct ps_server *servers;
	size_t nservers;
	struct ps_worker *workers;
	size_t nworkers;
	int slots_error;
};

/**
 * struct ps_scan - what was found
 * @hidden: processes that could not be looked into
 * @old_module: a group was there, and its file said nothing of it
 */
struct ps_scan {
	struct ps_group *groups;
	size_t ngroups;
	unsigned int hidden;
	bool old_module;
};

/* Those of that process, or of all if it is 0. Return: 0 or -errno. */
int groups_scan(struct ps_scan *scan, pid_t pid);
void groups_free(struct ps_scan *scan);

/* groups_slots.c: fills in the workers of @g, from the memory that it maps. */
void groups_read_slots(struct ps_group *g);

/* --- tasks.c: what /proc tells of a thread -------------------------------------- */

/* R, S, D, T, t, Z; '?' if it cannot be seen. */
char task_state(pid_t pid, uint32_t tid);

/* Where in the kernel it sleeps, or its name; false, and "", if that is not told. */
bool task_wchan(pid_t pid, uint32_t tid, char *wchan, size_t size);
bool task_comm(pid_t pid, uint32_t tid, char *comm, size_t size);

/* The system call that it is in; -1 if it is in none, or that is not told. */
long task_syscall(pid_t pid, uint32_t tid);

#endif /* UMCG_GROUPS_H */
