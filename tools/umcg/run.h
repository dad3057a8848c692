/* SPDX-License-Identifier: MIT */
/* run.h - umcg run, and what it looks at before */
#ifndef UMCG_RUN_H
#define UMCG_RUN_H

#include "tool.h"

/* As env(1) has them. */
#define EXIT_RUN		125	/* umcg run failed itself */
#define EXIT_RUN_CANNOT		126	/* the program is there, but cannot be run */
#define EXIT_RUN_NOT_THERE	127

#define RUN_WHY_MAX		512

/* run_program.c: where execvp() would find it. Return: 0 or -errno. */
int program_find(const char *name, char *path, size_t size);

/* Would ld.so load a library of ours into it? If not, @why goes on behind its name. */
bool program_is_fit(const char *path, char *why, size_t size);

#endif /* UMCG_RUN_H */
