/* SPDX-License-Identifier: MIT */
/* record.h - the module's events while a program runs, or of a process */
#ifndef UMCG_RECORD_H
#define UMCG_RECORD_H

#include <stdbool.h>
#include <sys/types.h>

#include "events.h"
#include "instance.h"

/**
 * struct recording - one that goes on
 * @guard: the process that removes the instance, whatever becomes of this one
 * @alive: which it is told by the end of this pipe
 */
struct recording {
	struct instance instance;
	pid_t guard;
	int alive;
};

/* What of the module's events; NULL ends it. */
extern const char *const record_all[];

/*
 * Begin, with @kb for each processor. What is wrong is told, with what to do. Return:
 * is it on? The handlers of SIGINT, SIGTERM and SIGHUP are ours from then on.
 */
bool record_begin(struct recording *r, unsigned int kb, const char *const events[]);

/* Stop recording; the rest of it can be read. */
void record_stop(struct recording *r);

/* It is gone, in any case. */
void record_end(struct recording *r);

/* Has one of those signals come? */
bool record_is_over(void);

/*
 * Sleep until that process has ended, one of the signals has come, or @ms have passed,
 * -1 for never. Return: false if the process cannot be waited for, with errno.
 */
bool record_wait(pid_t pid, int ms);

/* --- family.c: which threads belong to what is recorded ------------------------ */

/* Those of a process, now; false if there is none. */
bool family_add_process(pid_t pid);
void family_add(pid_t tid);

/* Leave only the events of groups that any of them, or of their children, is in. */
void family_select(struct trace *t);

#endif /* UMCG_RECORD_H */
