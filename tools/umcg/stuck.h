/* SPDX-License-Identifier: MIT */
/* stuck.h - why nothing runs in a group */
#ifndef UMCG_STUCK_H
#define UMCG_STUCK_H

#include "groups.h"

#define STUCK_WORDS	512

/*
 * groups_scan(), of those groups only in which no worker was run, or ran, for a
 * moment: two looks.
 */
int stuck_scan(struct ps_scan *scan, pid_t pid);

/* In words. Return: false if there is nothing to be said against it. */
bool stuck_why(const struct ps_group *g, char *words, size_t size);

#endif /* UMCG_STUCK_H */
