// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instance.h"

static int open_file(const struct instance *i, const char *file, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", i->path, file);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int instance_open(const struct instance *i, const char *file)
{
	return open_file(i, file, O_RDONLY);
}

int instance_put(const struct instance *i, const char *file, const char *value)
{
	int fd = open_file(i, file, O_WRONLY), error = 0;

	if (fd < 0)
		return fd;
	if (write(fd, value, strlen(value)) < 0)
		error = -errno;
	close(fd);
	return error;
}

char *instance_read(int fd)
{
	size_t size = 0, room = 1 << 16;
	char *text = malloc(room), *more;
	ssize_t n = text ? 1 : -1;

	while (n > 0) {
		n = read(fd, text + size, room - size - 1);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			size += n;
		if (n > 0 && size == room - 1) {
			more = realloc(text, room *= 2);
			if (!more)
				n = -1;
			else
				text = more;
		}
	}
	close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

int instance_make(struct instance *i)
{
	snprintf(i->path, sizeof(i->path), TRACEFS "/instances/" INSTANCE_PREFIX "%d",
		 getpid());
	return mkdir(i->path, 0700) ? -errno : 0;
}

int instance_setup(struct instance *i, unsigned int kb, const char *clock)
{
	char size[32];
	int error;

	snprintf(size, sizeof(size), "%u", kb);
	error = instance_put(i, "buffer_size_kb", size);
	if (!error)
		error = instance_put(i, "trace_clock", clock);
	if (!error)
		error = instance_put(i, "options/overwrite", "0");
	return error;
}

/* Of one processor's buffer. */
static long lost_in(const char *stats)
{
	static const char *const kinds[] = { "\noverrun: ", "\ncommit overrun: ",
					     "\ndropped events: " };
	long lost = 0;
	size_t k;

	for (k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		const char *at = strstr(stats, kinds[k]);

		if (!at)
			return -1;
		lost += strtol(at + strlen(kinds[k]), NULL, 10);
	}
	return lost;
}

long instance_lost(const struct instance *i)
{
	long cpu, lost = 0, more, found = 0;
	char file[64], *stats;
	int fd;

	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
		snprintf(file, sizeof(file), "per_cpu/cpu%ld/stats", cpu);
		fd = instance_open(i, file);
		if (fd < 0)
			continue;
		stats = instance_read(fd);
		more = stats ? lost_in(stats) : -1;
		free(stats);
		if (more < 0)
			return -1;
		lost += more;
		found++;
	}
	return found ? lost : -1;
}

int instance_remove(const struct instance *i, unsigned int tries)
{
	instance_put(i, "tracing_on", "0");
	while (rmdir(i->path)) {
		if (errno != EBUSY || !tries--)
			return -errno;
		usleep(1000);
	}
	return 0;
}
