// SPDX-License-Identifier: MIT
/* umcg ps: groups, servers and workers of running processes, and why nothing runs */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "stuck.h"
#include "syscalls.h"

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "pid", required_argument, NULL, 'p' },
	{ "stuck", no_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static int help(void)
{
	fputs("usage: umcg ps [OPTION]...\n\n"
	      "  -p, --pid PID   of that process only\n"
	      "  -s, --stuck     only groups in which nothing runs, and why\n"
	      "  -j, --json      answer in JSON\n\n"
	      "Of processes that this user may look into. The exit status is 0, 1 if it failed or\n"
	      "--stuck has found something, 2 for wrong usage.\n", stdout);
	return EXIT_SUCCESS;
}

static const char *state_words(const struct ps_worker *w)
{
	switch (w->state) {
	case UMCG_TASK_RUNNING:
		return "running";
	case UMCG_TASK_BLOCKED:
		return "blocked";
	default:
		if (w->parked)
			return "parked";
		return w->events & UMCG_EV_QUEUED ? "queued" : "taken";
	}
}

static void duration_words(uint64_t ns, char *words, size_t size)
{
	if (ns == UINT64_MAX)
		snprintf(words, size, "-");
	else if (ns < 1000000000)
		snprintf(words, size, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(words, size, "%.1f s", (double)ns / 1e9);
}

/* "read (pipe_read)": of a worker that is blocked, else "" */
static void blocked_words(const struct ps_group *g, const struct ps_worker *w, char *words,
			  size_t size)
{
	char wchan[64], room[SYSCALL_NAME_MAX];

	words[0] = '\0';
	if (w->state != UMCG_TASK_BLOCKED)
		return;
	if (task_wchan(g->pid, w->tid, wchan, sizeof(wchan)))
		snprintf(words, size, "%s (%s)", syscall_name(w->nr, room), wchan);
	else
		snprintf(words, size, "%s", syscall_name(w->nr, room));
}

static void show_servers(const struct ps_group *g)
{
	const struct ps_server *s;

	printf("  %8s %-8s %8s %8s %8s %8s\n", "SERVER", "STATE", "RUNS", "HOME OF", "QUEUED",
	       "ON LIST");
	for (s = g->servers; s < g->servers + g->nservers; s++)
		printf("  %8u %-8s %8u %8u %8u %8u\n", s->tid, server_states[s->state],
		       s->worker, s->workers, s->queued, s->listed);
	printf("  %8s %-8s %8s %8u %8u %8u\n", "group", "", "", g->list.workers,
	       g->list.queued, g->list.listed);
}

static void show_workers(const struct ps_group *g)
{
	char comm[32], since[32], in[128];
	const struct ps_worker *w;

	if (g->slots_error) {
		printf("  workers cannot be listed: %s\n",
		       g->slots_error == -EPERM ? "their memory may be read by root only (ptrace)" :
						  strerror(-g->slots_error));
		return;
	}
	printf("  %8s %-8s %10s %8s  %-15s %s\n", "WORKER", "STATE", "FOR", "HOME", "NAME", "IN");
	for (w = g->workers; w < g->workers + g->nworkers; w++) {
		task_comm(g->pid, w->tid, comm, sizeof(comm));
		duration_words(w->since_ns, since, sizeof(since));
		blocked_words(g, w, in, sizeof(in));
		printf("  %8u %-8s %10s %8u  %-15s %s\n", w->tid, state_words(w), since,
		       w->home, comm, in);
	}
}

static void show(const struct ps_group *g)
{
	printf("process %d (%s), group %u%s: workers: %u running, %u blocked, %u could run, %u parked\n",
	       g->pid, g->comm, g->id, g->ended ? ", ended" : "", g->running, g->blocked,
	       g->runnable - g->parked, g->parked);
	show_servers(g);
	show_workers(g);
}

/* --- JSON ------------------------------------------------------------------------ */

static void put_list(struct json *j, const struct ps_server *s)
{
	json_number(j, "workers", s->workers);
	json_number(j, "queued", s->queued);
	json_number(j, "listed", s->listed);
}

static void put_servers(struct json *j, const struct ps_group *g)
{
	const struct ps_server *s;

	json_open(j, "servers", '[');
	for (s = g->servers; s < g->servers + g->nservers; s++) {
		json_open(j, NULL, '{');
		json_number(j, "tid", s->tid);
		json_text(j, "state", server_states[s->state]);
		json_number(j, "running", s->running);
		json_number(j, "worker", s->worker);
		put_list(j, s);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_worker(struct json *j, const struct ps_group *g, const struct ps_worker *w)
{
	char words[64], room[SYSCALL_NAME_MAX];

	json_open(j, NULL, '{');
	json_number(j, "tid", w->tid);
	if (task_comm(g->pid, w->tid, words, sizeof(words)))
		json_text(j, "name", words);
	json_text(j, "state", state_words(w));
	json_number(j, "home", w->home);
	if (w->since_ns != UINT64_MAX)
		json_number(j, "for_ns", (long long)w->since_ns);
	if (w->state == UMCG_TASK_BLOCKED)
		json_text(j, "blocked_in", syscall_name(w->nr, room));
	if (w->state == UMCG_TASK_BLOCKED && task_wchan(g->pid, w->tid, words, sizeof(words)))
		json_text(j, "wchan", words);
	json_close(j, '}');
}

static void put_group(struct json *j, const struct ps_group *g, const char *stuck)
{
	size_t i;

	json_open(j, NULL, '{');
	json_number(j, "pid", g->pid);
	json_text(j, "name", g->comm);
	json_number(j, "group", g->id);
	json_flag(j, "ended", g->ended);
	if (stuck)
		json_text(j, "stuck", stuck);
	json_number(j, "running", g->running);
	json_number(j, "blocked", g->blocked);
	json_number(j, "runnable", g->runnable - g->parked);
	json_number(j, "parked", g->parked);
	json_open(j, "list", '{');
	put_list(j, &g->list);
	json_close(j, '}');
	put_servers(j, g);
	json_open(j, "workers", '[');
	for (i = 0; i < g->nworkers; i++)
		put_worker(j, g, &g->workers[i]);
	json_close(j, ']');
	json_close(j, '}');
}

/* --- the command -------------------------------------------------------------------- */

static int explain(int error, pid_t pid)
{
	if (error == -ESRCH)
		fprintf(stderr, "umcg: there is no process %d\n", pid);
	else if (error == -EACCES)
		fprintf(stderr, "umcg: process %d may be looked into by its owner and root only\n",
			pid);
	else
		fprintf(stderr, "umcg: /proc cannot be read: %s\n", strerror(-error));
	return EXIT_FAILURE;
}

static int show_all(const struct ps_scan *scan, bool only_stuck, bool json)
{
	struct json j = { .out = stdout };
	char why[STUCK_WORDS];
	bool found = false;
	size_t i;

	if (json)
		json_open(&j, NULL, '[');
	for (i = 0; i < scan->ngroups; i++) {
		const struct ps_group *g = &scan->groups[i];
		bool stuck = only_stuck && stuck_why(g, why, sizeof(why));

		found |= stuck;
		if (only_stuck && !stuck)
			continue;
		if (json)
			put_group(&j, g, stuck ? why : NULL);
		else if (stuck)
			printf("stuck: process %d (%s), group %u: %s\n", g->pid, g->comm, g->id,
			       why);
		else
			show(g);
	}
	if (json) {
		json_close(&j, ']');
		json_finish(&j);
	}
	if (!json && !only_stuck && !scan->ngroups)
		fprintf(stderr, "umcg: no groups, as far as this user can see\n");
	return found ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int ps(pid_t pid, bool only_stuck, bool json)
{
	struct ps_scan scan;
	int status, error;

	error = only_stuck ? stuck_scan(&scan, pid) : groups_scan(&scan, pid);
	if (error) {
		groups_free(&scan);
		return explain(error, pid);
	}
	if (scan.old_module)
		fputs("umcg: the module that is loaded does not tell of its groups: it is older than this command\n",
		      stderr);
	status = show_all(&scan, only_stuck, json);
	if (scan.old_module)
		status = EXIT_FAILURE;
	groups_free(&scan);
	return status;
}

int command_ps(int argc, char **argv, bool json)
{
	bool only_stuck = false;
	pid_t pid = 0;
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "+jp:sh", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return help();
		case 'j':
			json = true;
			break;
		case 's':
			only_stuck = true;
			break;
		case 'p':
			pid = (pid_t)strtol(optarg, &end, 10);
			if (pid <= 0 || *end)
				return usage("not a process: ", optarg);
			break;
		default:
			return usage(NULL, NULL);
		}
	}
	if (optind < argc)
		return usage("too much: ", argv[optind]);
	return ps(pid, only_stuck, json);
}
