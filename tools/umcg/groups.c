// SPDX-License-Identifier: MIT
/* Groups are open files: what the module tells of each is in /proc/PID/fdinfo. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "groups.h"

const char *const server_states[] = {
	[SERVER_ITSELF] = "itself",
	[SERVER_WAITS] = "waits",
	[SERVER_IDLE] = "idle",
	[SERVER_GONE] = "gone",
};

/* The number behind "key=" in a line. */
static uint32_t field(const char *line, const char *key)
{
	size_t length = strlen(key);
	const char *at;

	for (at = line; (at = strstr(at, key)); at += length)
		if (at > line && (at[-1] == ' ' || at[-1] == '\t') && at[length] == '=')
			return strtoul(at + length + 1, NULL, 10);
	return 0;
}

static enum server_state state_of(const char *line)
{
	const char *at = strstr(line, " state=");
	unsigned int s;

	for (s = SERVER_ITSELF; at && s < SERVER_GONE; s++)
		if (!strncmp(at + 7, server_states[s], strlen(server_states[s])))
			return s;
	return SERVER_GONE;
}

static void parse_list(struct ps_server *s, const char *line)
{
	s->workers = field(line, "workers");
	s->queued = field(line, "queued");
	s->listed = field(line, "listed");
}

static int add_server(struct ps_group *g, const char *line)
{
	struct ps_server *s = reallocarray(g->servers, g->nservers + 1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	g->servers = s;
	s += g->nservers++;
	*s = (struct ps_server){ .tid = field(line, "tid"), .slot = field(line, "slot"),
				 .running = field(line, "running"),
				 .worker = field(line, "worker"), .state = state_of(line) };
	parse_list(s, line);
	return 0;
}

static void parse_workers(struct ps_group *g, const char *line)
{
	g->running = field(line, "running");
	g->runnable = field(line, "runnable");
	g->parked = field(line, "parked");
	g->away = field(line, "away");
	g->blocked = field(line, "blocked");
}

/* Return: 0, or -ENOMEM. @owner: whose it is, as we see it; 0: of another namespace. */
static int parse_line(struct ps_group *g, const char *line, pid_t *owner)
{
	static const char mark[] = "umcg-";
	const char *value = strchr(line, '\t');

	if (!value || strncmp(line, mark, strlen(mark)) != 0)
		return 0;
	line += strlen(mark);
	if (!strncmp(line, "group:", 6))
		g->id = strtoul(value, NULL, 10);
	else if (!strncmp(line, "owner:", 6))
		*owner = atoi(value);
	else if (!strncmp(line, "ended:", 6))
		g->ended = atoi(value);
	else if (!strncmp(line, "slots:", 6))
		g->slots = strtoul(value, NULL, 10);
	else if (!strncmp(line, "runs:", 5))
		g->runs = strtoull(value, NULL, 10);
	else if (!strncmp(line, "workers:", 8))
		parse_workers(g, value);
	else if (!strncmp(line, "list:", 5))
		parse_list(&g->list, value);
	else if (!strncmp(line, "server:", 7))
		return add_server(g, value);
	return 0;
}

static bool is_known(const struct ps_scan *scan, uint32_t id)
{
	size_t i;

	for (i = 0; i < scan->ngroups; i++)
		if (scan->groups[i].id == id)
			return true;
	return false;
}

static int keep(struct ps_scan *scan, struct ps_group *g)
{
	struct ps_group *groups = reallocarray(scan->groups, scan->ngroups + 1, sizeof(*g));
	char path[64];

	if (!groups)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/%d/comm", g->pid);
	read_line(path, g->comm, sizeof(g->comm));
	groups_read_slots(g);
	scan->groups = groups;
	groups[scan->ngroups++] = *g;
	return 0;
}

static void drop(struct ps_group *g)
{
	free(g->servers);
	free(g->workers);
}

/* A file that is the device. A process may have it from another one, whose group it is. */
static int scan_file(struct ps_scan *scan, pid_t pid, const char *fd)
{
	struct ps_group g = { .pid = pid };
	char path[64], *line = NULL;
	size_t size = 0;
	pid_t owner = 0;
	int error = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.16s", pid, fd);
	f = fopen(path, "re");
	if (!f)
		return 0;	/* it was closed meanwhile */
	while (!error && getline(&line, &size, f) > 0)
		error = parse_line(&g, line, &owner);
	free(line);
	fclose(f);
	if (!g.id)
		scan->old_module = true;
	if (!error && g.id && (owner == pid || !owner) && !is_known(scan, g.id))
		error = keep(scan, &g);
	else
		drop(&g);
	return error;
}

static int scan_process(struct ps_scan *scan, pid_t pid)
{
	struct dirent *entry;
	char path[64];
	int error = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir) {
		error = -errno;
		scan->hidden += errno == EACCES || errno == EPERM;
		return error == -ENOMEM ? error : 0;
	}
	while (!error && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    holders_is_device(dirfd(dir), entry->d_name))
			error = scan_file(scan, pid, entry->d_name);
	closedir(dir);
	return error;
}

int groups_scan(struct ps_scan *scan, pid_t pid)
{
	struct dirent *entry;
	int error = 0;
	DIR *proc;

	*scan = (struct ps_scan){ 0 };
	if (pid) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d", pid);
		if (access(path, F_OK))
			return -ESRCH;
		error = scan_process(scan, pid);
		return error ? error : scan->hidden ? -EACCES : 0;
	}
	proc = opendir("/proc");
	if (!proc)
		return -errno;
	while (!error && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			error = scan_process(scan, atoi(entry->d_name));
	closedir(proc);
	return error;
}

void groups_free(struct ps_scan *scan)
{
	size_t i;

	for (i = 0; i < scan->ngroups; i++)
		drop(&scan->groups[i]);
	free(scan->groups);
	*scan = (struct ps_scan){ 0 };
}
