// SPDX-License-Identifier: MIT
/*
 * Why nothing runs. A worker needs a server that is in WAIT or comes to it, and has to
 * be RUNNABLE: each reason here is one of these that is missing.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stuck.h"
#include "syscalls.h"

#define MOMENT_US	100000

struct words {
	char *at;
	size_t size, length;
};

__attribute__((format(printf, 2, 3)))
static void say(struct words *w, const char *format, ...)
{
	va_list args;

	if (w->length >= w->size)
		return;
	va_start(args, format);
	w->length += vsnprintf(w->at + w->length, w->size - w->length, format, args);
	va_end(args);
}

static bool is_stopped(char state)
{
	return state == 'T' || state == 't';
}

/* A worker that has the turn, and makes nothing of it. */
static bool runs_but_stopped(const struct ps_group *g, struct words *w)
{
	const struct ps_server *s;
	bool found = false;

	for (s = g->servers; s < g->servers + g->nservers; s++) {
		if (!s->running || !is_stopped(task_state(g->pid, s->worker)))
			continue;
		say(w, "%sworker %u, which server %u runs, is stopped by a signal or a debugger",
		    found ? "; " : "", s->worker, s->tid);
		found = true;
	}
	return found;
}

/* A server that does not come to its WAIT. */
static bool server_is_away(const struct ps_group *g, const struct ps_server *s,
			   struct words *w)
{
	char state = task_state(g->pid, s->tid), wchan[64], room[SYSCALL_NAME_MAX];
	long nr = task_syscall(g->pid, s->tid);

	if (is_stopped(state)) {
		say(w, "server %u is stopped by a signal or a debugger; ", s->tid);
		return true;
	}
	if (s->state != SERVER_ITSELF || (state != 'S' && state != 'D'))
		return false;
	say(w, "server %u sleeps", s->tid);
	if (nr >= 0)
		say(w, " in %s", syscall_name((__u32)nr, room));
	if (task_wchan(g->pid, s->tid, wchan, sizeof(wchan)))
		say(w, " (%s)", wchan);
	say(w, ", not in WAIT; ");
	return true;
}

static size_t servers_away(const struct ps_group *g, struct words *w)
{
	size_t i, count = 0;

	for (i = 0; i < g->nservers; i++)
		count += server_is_away(g, &g->servers[i], w);
	return count;
}

static uint32_t count_listed(const struct ps_group *g)
{
	uint32_t listed = g->list.listed;
	size_t i;

	for (i = 0; i < g->nservers; i++)
		listed += g->servers[i].listed;
	return listed;
}

/* "3 in read, 1 in page fault" */
static void say_calls(const struct ps_group *g, struct words *w)
{
	uint32_t *counts = calloc(UMCG_BLOCKED_FAULT + 1, sizeof(*counts));
	char room[SYSCALL_NAME_MAX];
	const char *before = ": ";
	uint32_t nr;
	size_t i;

	for (i = 0; counts && i < g->nworkers; i++)
		if (g->workers[i].state == UMCG_TASK_BLOCKED)
			counts[g->workers[i].nr & UMCG_BLOCKED_FAULT]++;
	for (nr = 0; counts && nr <= UMCG_BLOCKED_FAULT; nr++) {
		if (!counts[nr])
			continue;
		say(w, "%s%u in %s", before, counts[nr], syscall_name(nr, room));
		before = ", ";
	}
	free(counts);
}

static void say_waiting(const struct ps_group *g, struct words *w)
{
	uint32_t could = g->runnable - g->parked, listed = count_listed(g);

	if (could && listed)
		say(w, "%u workers could run, %u of them are on lists that no server looks at; ",
		    could, listed);
	else if (could)
		say(w, "%u workers could run: they were taken from their lists, and no server runs them; ",
		    could);
	if (g->blocked) {
		say(w, "%u workers are blocked", g->blocked);
		say_calls(g, w);
		say(w, "; ");
	}
	if (g->parked)
		say(w, "%u are parked until a WAKE or a timeout; ", g->parked);
}

bool stuck_why(const struct ps_group *g, char *words, size_t size)
{
	struct words w = { words, size, 0 };
	size_t away;

	words[0] = '\0';
	if (g->running)
		return runs_but_stopped(g, &w);
	if (!g->blocked && !g->runnable)
		return false;
	if (!g->nservers) {
		say(&w, "it has no server");
		return true;
	}
	away = servers_away(g, &w);
	say_waiting(g, &w);
	if (!away && g->nservers)
		say(&w, "the servers are there");
	else if (w.length > 1 && w.length < size)
		words[w.length - 2] = '\0';
	return true;
}

static const struct ps_group *find(const struct ps_scan *scan, uint32_t id)
{
	size_t i;

	for (i = 0; i < scan->ngroups; i++)
		if (scan->groups[i].id == id)
			return &scan->groups[i];
	return NULL;
}

/* Those that stopped running are seen by what their workers have run altogether. */
int stuck_scan(struct ps_scan *scan, pid_t pid)
{
	struct ps_scan before;
	int error;
	size_t i;

	error = groups_scan(&before, pid);
	if (!error) {
		usleep(MOMENT_US);
		error = groups_scan(scan, pid);
	} else {
		*scan = (struct ps_scan){ 0 };
	}
	for (i = 0; !error && i < scan->ngroups; i++) {
		struct ps_group *g = &scan->groups[i];
		const struct ps_group *was = find(&before, g->id);

		/* it moves: leave nothing to be said */
		if (!was || was->runs != g->runs) {
			g->runnable = 0;
			g->blocked = 0;
			g->running = 0;
		}
	}
	groups_free(&before);
	return error;
}
