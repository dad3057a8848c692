// SPDX-License-Identifier: MIT
/*
 * memory.c - what a registration adds to a thread, as the memory controller charges it
 *
 * In a control group of its own stand so many plain threads. Then all of them
 * register: what the kernel's part of the charge has grown by is theirs.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

#define ROOT	"/sys/fs/cgroup"
#define HERE	ROOT "/umcg-bench"

static struct server server;
static __u32 gate;
static unsigned int waiting;

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file))
		die("%s: %s", path, why_not());
}

/* Bytes behind that word in memory.stat. */
static long charge(const char *word)
{
	FILE *file = fopen(HERE "/memory.stat", "re");
	char name[64];
	long bytes;

	if (!file)
		die("memory.stat: %s", why_not());
	while (fscanf(file, "%63s %ld", name, &bytes) == 2) {
		if (strcmp(name, word))
			continue;
		fclose(file);
		return bytes;
	}
	die("no %s in memory.stat", word);
}

static void *become_worker(void *unused)
{
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&gate, __ATOMIC_SEQ_CST))
		futex_wait(&gate, 0);
	umcg_register_worker(server.group, server.tid, 0);
	return unused;
}

static void measure(unsigned int count)
{
	long kernel, slab;
	unsigned int i;

	put(HERE "/cgroup.procs", "0");
	server_start(&server);
	for (i = 0; i < count; i++)
		spawn(become_worker, NULL);
	while (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) < count)
		usleep(1000);
	/* those who have said so may not sleep yet; and statistics come late */
	sleep(3);
	kernel = charge("kernel");
	slab = charge("slab");
	gate = 1;
	futex_wake(&gate, count);
	for (i = 0; i < count; i++)
		server_next(&server, NULL);
	sleep(3);
	kernel = charge("kernel") - kernel;
	slab = charge("slab") - slab;
	printf("{\"case\": \"memory\", \"policy\": \"other\", \"where\": \"%u\", \"ops\": %u, \"mean\": %.1f, \"slab\": %.1f}\n",
	       count, count, (double)kernel / count, (double)slab / count);
	fflush(NULL);
	_exit(EXIT_SUCCESS);
}

int memory_main(unsigned int count)
{
	int status;
	pid_t child;

	put(ROOT "/cgroup.subtree_control", "+memory");
	mkdir(HERE, 0700);
	child = must(fork());
	if (!child)
		measure(count);
	must(waitpid(child, &status, 0));
	rmdir(HERE);
	return !!status;
}

int hold_main(void)
{
	server_start(&server);
	puts("held");
	fflush(NULL);
	for (;;)
		umcg_run(server.group, server.self, 0, 0, 0);
}
