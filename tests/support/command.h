/* SPDX-License-Identifier: GPL-2.0-only */
/* command.h - the umcg command, run by a test, and what it has said */
#ifndef COMMAND_H
#define COMMAND_H

#define COMMAND		"build/tools/umcg "

/* What it printed last, to both of its outputs. */
extern char said[65536];

/* With these arguments, of a shell. Return: its exit status. */
int run(const char *arguments);

/* The same of any line of a shell. */
int run_line(const char *line);

/* Is that text in it, or not? */
void says(const char *text);
void says_not(const char *text);

/*
 * The whole test is in a process of its own, so what it does to its mounts ends with
 * it. Nothing is in @dir from then on.
 */
void own_mounts(void);
void hide(const char *dir);

/* A file with that in it. */
void make_file(const char *path, const char *text);

/* All of a small file, to be freed. */
char *read_file(const char *path);

/* The module is not there after this. */
void unload(void);

#endif /* COMMAND_H */
