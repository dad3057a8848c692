// SPDX-License-Identifier: MIT
/*
 * memory.c - what the memory controller charges this process for, in the kernel
 *
 * In a control group of its own; without the right to make one, nothing is known.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#define ROOT	"/sys/fs/cgroup"
#define HERE	ROOT "/umcg-bench"

static bool put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	bool done;

	if (!file)
		return false;
	done = fputs(text, file) >= 0;
	return !fclose(file) && done;
}

bool memory_watch(void)
{
	put(ROOT "/cgroup.subtree_control", "+memory");
	mkdir(HERE, 0700);
	return put(HERE "/cgroup.procs", "0");
}

void memory_forget(void)
{
	rmdir(HERE);
}

/* Statistics come late, and who is about to sleep may not do so yet. */
long memory_charged(void)
{
	FILE *file;
	char name[64];
	long bytes;

	sleep(3);
	file = fopen(HERE "/memory.stat", "re");
	if (!file)
		die("memory.stat: %s", why_not());
	while (fscanf(file, "%63s %ld", name, &bytes) == 2) {
		if (strcmp(name, "kernel"))
			continue;
		fclose(file);
		return bytes;
	}
	die("no word about the kernel in memory.stat");
}
