// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "proc.h"
#include "suite.h"

#define ROOT	"/tmp/umcg-cgroups"

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) > 0;
	close(fd);
	return done;
}

bool cgroup_make(const char *controller)
{
	char enable[32];

	snprintf(enable, sizeof(enable), "+%s", controller);
	mkdir(ROOT, 0700);
	/* a test before may have left it there */
	if (mount("none", ROOT, "cgroup2", 0, NULL) && errno != EBUSY)
		return false;
	if (mkdir(ROOT "/umcg-test", 0700) && errno != EEXIST)
		return false;
	return put(ROOT "/cgroup.subtree_control", enable);
}

bool cgroup_put(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "/umcg-test/%s", file);
	return put(path, text);
}

long cgroup_number(const char *file, const char *word)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "/umcg-test/%s", file);
	return read_number(path, word);
}
