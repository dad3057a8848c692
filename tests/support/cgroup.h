/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup.h - a control group for the processes of a test */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>

/*
 * Make one with that controller ("io", "memory"), or with what all have (NULL).
 * Files of it are named relative to it from then on. False: there is no such thing
 * here.
 */
bool cgroup_make(const char *controller);

/* Write to one of its files; "0" to cgroup.procs puts the caller into it. */
bool cgroup_put(const char *file, const char *text);

/* The caller's process leaves it, for the one where all are. */
void cgroup_leave(void);

/* Once nobody is in it any more, take it and its controller away. */
void cgroup_remove(const char *controller);

/* The number behind that word in one of its files; -1 if there is none. */
long cgroup_number(const char *file, const char *word);

#endif /* CGROUP_H */
