/* SPDX-License-Identifier: MIT */
/* What the files of libumcg share, and nobody else sees. */
#ifndef UMCG_INTERNAL_H
#define UMCG_INTERNAL_H

#include <stddef.h>
#include <sys/types.h>

#include "umcg.h"

/* Everything else is hidden by -fvisibility=hidden; libumcg.map has the names. */
#define UMCG_PUBLIC	__attribute__((__visibility__("default")))

/* The oldest module that has all this library needs. The tests play a newer library. */
#ifndef API_LEVEL_NEEDED
#define API_LEVEL_NEEDED	1
#endif

/* Constant from umcg_open() to umcg_close(), so it needs no lock. */
struct umcg_group {
	int fd;
	pid_t pid;
	char *slots;
	struct umcg_query query;
};

/**
 * struct device - /dev/umcg opened, or what kept it from being that
 * @fd: the open file, or -1
 * @error: 0 or -errno
 * @opened: open() was not what failed
 * @query: what QUERY answered, as far as it did
 */
struct device {
	int fd;
	int error;
	bool opened;
	struct umcg_query query;
};

void device_open(struct device *dev);
void device_close(struct device *dev);

/* ioctl() with its result as everything here has it; errno stays what it was. */
int group_call(int fd, unsigned long request, void *arg);

/* The same of a call by lseek(). */
int group_seek(int fd, __u32 what, int whence);

#endif /* UMCG_INTERNAL_H */
