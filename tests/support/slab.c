// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "proc.h"
#include "slab.h"

long slab_objects(const char *name)
{
	char text[64];
	int fd;

	snprintf(text, sizeof(text), "/sys/kernel/slab/%s/shrink", name);
	fd = open(text, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1", 1) != 1)
			perror(text);
		close(fd);
	}
	snprintf(text, sizeof(text), "%s ", name);
	return read_number("/proc/slabinfo", text);
}
