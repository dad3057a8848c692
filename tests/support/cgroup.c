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

static bool control(char sign, const char *controller)
{
	char text[32];

	snprintf(text, sizeof(text), "%c%s", sign, controller);
	return put(ROOT "/cgroup.subtree_control", text);
}

bool cgroup_make(const char *controller)
{
	mkdir(ROOT, 0700);
	/* a test before may have left it there */
	if (mount("none", ROOT, "cgroup2", 0, NULL) && errno != EBUSY)
		return false;
	if (mkdir(ROOT "/umcg-test", 0700) && errno != EEXIST)
		return false;
	return !controller || control('+', controller);
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

void cgroup_leave(void)
{
	expect(put(ROOT "/cgroup.procs", "0"));
}

void cgroup_remove(const char *controller)
{
	/* the dead are counted until somebody has waited for them */
	wait_for(!rmdir(ROOT "/umcg-test") || errno == ENOENT);
	if (controller)
		control('-', controller);
	umount2(ROOT, MNT_DETACH);
	rmdir(ROOT);
}
