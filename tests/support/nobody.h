/* SPDX-License-Identifier: GPL-2.0-only */
/* nobody.h - a process without any right */
#ifndef NOBODY_H
#define NOBODY_H

#include <sys/types.h>

#define NOBODY	65534

/* Give up all rights, for good; the test fails if it cannot. */
void nobody_become(void);

/* Start a process that is nobody's; it ends with status 0 after @run. */
pid_t nobody_start(void (*run)(void *arg), void *arg);

/* Kill it, which must be possible; what it died of does not matter. */
void nobody_kill(pid_t pid);

/* In such a process, one thread of many: its stack is small. */
void nobody_thread(void *(*run)(void *arg), void *arg);

/* Memory that it shares with the test, zeroed. */
void *shared_memory(size_t size);

#endif /* NOBODY_H */
