// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "groups.h"

static bool read_of(pid_t pid, uint32_t tid, const char *file, char *line, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/task/%u/%s", pid, tid, file);
	return read_line(path, line, size);
}

char task_state(pid_t pid, uint32_t tid)
{
	char line[512], *end;

	if (!read_of(pid, tid, "stat", line, sizeof(line)))
		return '?';
	end = strrchr(line, ')');
	return end && end[1] == ' ' ? end[2] : '?';
}

/* "0" stands for nowhere. */
bool task_wchan(pid_t pid, uint32_t tid, char *wchan, size_t size)
{
	if (read_of(pid, tid, "wchan", wchan, size) && strcmp(wchan, "0") != 0)
		return true;
	wchan[0] = '\0';
	return false;
}

bool task_comm(pid_t pid, uint32_t tid, char *comm, size_t size)
{
	return read_of(pid, tid, "comm", comm, size);
}

/* "running", or "-1 SP PC", or "NR ARGUMENTS... SP PC" */
long task_syscall(pid_t pid, uint32_t tid)
{
	char line[256], *end;
	long nr;

	if (!read_of(pid, tid, "syscall", line, sizeof(line)))
		return -1;
	nr = strtol(line, &end, 10);
	return end == line ? -1 : nr;
}
