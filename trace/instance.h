/* SPDX-License-Identifier: MIT */
/*
 * instance.h - an instance of tracefs, which nobody else writes to
 *
 * Functions return 0 or -errno unless they say otherwise. One thread at a time.
 */
#ifndef INSTANCE_H
#define INSTANCE_H

#include <stdbool.h>

#define TRACEFS		"/sys/kernel/tracing"
#define INSTANCE_PREFIX	"umcg."

/**
 * struct instance - a directory of tracefs
 * @path: of it
 */
struct instance {
	char path[64];
};

/* Make one, named for the calling process; nothing is recorded yet. */
int instance_make(struct instance *i);

/*
 * What does not fit into @kb for each processor is to be missing at the end, not at
 * the beginning, and counted.
 */
int instance_setup(struct instance *i, unsigned int kb, const char *clock);

/* Write to a file in it. */
int instance_put(const struct instance *i, const char *file, const char *value);

/* A file in it, opened to be read: -errno or the descriptor. */
int instance_open(const struct instance *i, const char *file);

/* All that such a descriptor gives, with a 0 behind; NULL: errno. Closes @fd. */
char *instance_read(int fd);

/* How many events were lost, of all processors; -1: it does not say. */
long instance_lost(const struct instance *i);

/* Stop, and remove it; who has it open still may delay that for @tries ms. */
int instance_remove(const struct instance *i, unsigned int tries);

#endif /* INSTANCE_H */
