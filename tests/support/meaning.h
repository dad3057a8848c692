/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * meaning.h - what a program does, as it is and under umcg run: it must be the same
 *
 * The program is the suite itself, run again with the name of a function that prints
 * what it sees. Under umcg run it is also asked whether each of its threads is in the
 * group.
 */
#ifndef MEANING_H
#define MEANING_H

#include <stdbool.h>

struct meaning {
	const char *name;
	int (*show)(void);	/* prints; returns the exit status */
};

/* For helper_main(): the one of that name. The list ends with a name of NULL. */
int meaning_show(const struct meaning *all, int argc, char **argv);

/* Runs it as it is, and under umcg run on one server and on two, and compares. */
void meaning_is_kept(const char *suite, const char *name);

/* Every thread of this process is in a group, or a server; else it says so. */
void meaning_scheduled(void);

/* Is this run under umcg run? */
bool meaning_is_run(void);

/* Prints, at once: what is printed may be by several processes, or the last. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* MEANING_H */
