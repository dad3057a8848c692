// SPDX-License-Identifier: MIT
/* The group: an open file and the slots it maps. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

UMCG_PUBLIC int umcg_open(struct umcg_group **out)
{
	struct umcg_group *g;
	struct device dev;
	int saved = errno;
	int error;

	*out = NULL;
	device_open(&dev);
	if (dev.error)
		return dev.error;
	g = malloc(sizeof(*g));
	if (!g) {
		error = -ENOMEM;
		goto close;
	}
	g->fd = dev.fd;
	g->pid = getpid();
	g->query = dev.query;
	g->slots = mmap(NULL, dev.query.map_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			dev.fd, 0);
	if (g->slots == MAP_FAILED) {
		error = -errno;
		goto free;
	}
	*out = g;
	errno = saved;
	return 0;

free:
	free(g);
close:
	device_close(&dev);
	errno = saved;
	return error;
}

UMCG_PUBLIC void umcg_close(struct umcg_group *g)
{
	struct device dev;
	int saved = errno;

	if (!g)
		return;
	/* A child of fork() has not got the slots; something else may be there by now. */
	if (g->pid == getpid())
		munmap(g->slots, g->query.map_size);
	dev.fd = g->fd;
	device_close(&dev);
	free(g);
	errno = saved;
}

UMCG_PUBLIC int umcg_fd(const struct umcg_group *g)
{
	return g->fd;
}

UMCG_PUBLIC int umcg_query(const struct umcg_group *g, struct umcg_query *q)
{
	*q = g->query;
	return 0;
}

UMCG_PUBLIC struct umcg_task *umcg_slot(const struct umcg_group *g, __u32 index)
{
	if (index >= g->query.slots_max)
		return NULL;
	return (struct umcg_task *)(g->slots + (size_t)index * g->query.slot_stride);
}
