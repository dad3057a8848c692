// SPDX-License-Identifier: MIT
/*
 * Whose events they are. The kernel tells who was on the processor, by a number that is
 * unique; tids of events are those of the thread's own namespace.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>

#include "record.h"
#include "tool.h"

#define TIDS_MAX	4194304	/* PID_MAX_LIMIT of 64 bit kernels */
#define GROUPS_MAX	4096

static bool known[TIDS_MAX];
static __u32 groups[GROUPS_MAX];
static size_t ngroups;

void family_add(pid_t tid)
{
	if (tid > 0 && (unsigned int)tid < TIDS_MAX)
		known[tid] = true;
}

static bool has(__u32 tid)
{
	return tid < TIDS_MAX && known[tid];
}

bool family_add_process(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			family_add(atoi(entry->d_name));
	closedir(dir);
	return true;
}

static bool is_chosen(__u32 group)
{
	size_t i;

	for (i = ngroups; i; i--)
		if (groups[i - 1] == group)
			return true;
	return false;
}

/* Only the group's own process makes calls. */
static bool is_call(const struct trace_event *e)
{
	return trace_is(e, "register") || trace_is(e, "park") || trace_is(e, "yield") ||
	       trace_is(e, "server_wait") || trace_is(e, "server_wake") ||
	       trace_is(e, "hold") || trace_is(e, "error");
}

static void choose(const struct trace *t)
{
	const struct trace_event *e;

	for (e = t->events; e < t->events + t->count; e++) {
		if (trace_is(e, "fork")) {
			if (has(e->pid))
				family_add(e->child);
		} else if (is_call(e) && has(e->pid) && !is_chosen(e->group) &&
			   ngroups < GROUPS_MAX) {
			groups[ngroups++] = e->group;
		}
	}
}

void family_select(struct trace *t)
{
	size_t from, to = 0;

	choose(t);
	for (from = 0; from < t->count; from++)
		if (!trace_is(&t->events[from], "fork") &&
		    is_chosen(t->events[from].group))
			t->events[to++] = t->events[from];
	t->count = to;
}
