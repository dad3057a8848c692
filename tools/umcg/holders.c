// SPDX-License-Identifier: MIT
/*
 * Who keeps the module: processes that have the device open or mapped. A file is
 * known by its device number, whatever name it was opened by.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

struct device_numbers {
	unsigned int major;
	unsigned int minor;
};

static bool numbers_read(struct device_numbers *dev)
{
	char line[NAME_LEN];

	return read_line("/sys/class/misc/umcg/dev", line, sizeof(line)) &&
	       sscanf(line, "%u:%u", &dev->major, &dev->minor) == 2;
}

/* Files of a server that is gone, or of FUSE, must not make us wait. */
static bool is_device(int dir, const char *name, const struct device_numbers *dev)
{
	struct statx stx;

	return statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &stx) == 0 &&
	       S_ISCHR(stx.stx_mode) &&
	       stx.stx_rdev_major == dev->major && stx.stx_rdev_minor == dev->minor;
}

/* Known from the first call on: the device keeps them while the module is there. */
bool holders_is_device(int dir, const char *name)
{
	static struct device_numbers dev;

	return (dev.major || numbers_read(&dev)) && is_device(dir, name, &dev);
}

static unsigned int count_files(pid_t pid, const struct device_numbers *dev)
{
	unsigned int count = 0;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		count += is_device(dirfd(dir), entry->d_name, dev);
	closedir(dir);
	return count;
}

bool holders_is_map(const char *line)
{
	const char *path = strchr(line, '/'), *end;

	if (!path || strncmp(path, UMCG_DEVICE, strlen(UMCG_DEVICE)) != 0)
		return false;
	end = path + strlen(UMCG_DEVICE);	/* " (deleted)" may follow */
	return *end == ' ' || *end == '\n';
}

static unsigned int count_maps(pid_t pid)
{
	unsigned int count = 0;
	char path[64], *line = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (getline(&line, &size, f) > 0)
		count += holders_is_map(line);
	free(line);
	fclose(f);
	return count;
}

static bool is_holder(pid_t pid, const struct device_numbers *dev, struct holder *holder)
{
	char path[64];

	holder->pid = pid;
	holder->files = count_files(pid, dev);
	holder->maps = count_maps(pid);
	if (!holder->files && !holder->maps)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	read_line(path, holder->comm, sizeof(holder->comm));
	return true;
}

unsigned int holders_each(void (*found)(const struct holder *holder))
{
	struct device_numbers dev;
	unsigned int count = 0;
	struct holder holder;
	struct dirent *entry;
	DIR *proc;

	proc = numbers_read(&dev) ? opendir("/proc") : NULL;
	if (!proc)
		return 0;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !is_holder(atoi(entry->d_name), &dev, &holder))
			continue;
		found(&holder);
		count++;
	}
	closedir(proc);
	return count;
}
