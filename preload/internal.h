/* SPDX-License-Identifier: MIT */
/* What the files of libumcg-run share. README.md says what it is for. */
#ifndef UMCG_PRELOAD_INTERNAL_H
#define UMCG_PRELOAD_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>
#include <umcg_runtime.h>

/* Everything else is hidden by -fvisibility=hidden; libumcg-run.map has the names. */
#define UMCG_PUBLIC	__attribute__((__visibility__("default")))

/* --- what was asked for (options.c) ---------------------------------------------- */

/**
 * struct run_options - of the environment, as umcg run has put them there
 * @attr:	what the runtime is made of
 * @stats:	where to print what it has done; NULL for nowhere, "-" for stderr
 * @priorities:	"NAME=N,:PORT=N,...": of threads; NULL for none
 */
struct run_options {
	struct umcg_rt_attr attr;
	const char *stats;
	const char *priorities;
};

const struct run_options *run_options(void);

/* What a thread of that name has, or one for connections to ":PORT". False: nothing. */
bool run_priority(const char *name, int *priority);

/* --- what is behind ours (real.c) -------------------------------------------------- */

/*
 * The next function of that name behind this library, libc's as a rule. Calls of the
 * runtime's own go there by themselves: the linker's --wrap sees to that.
 */
enum real {
	REAL_pthread_create,
	REAL_thrd_create,
	REAL_sched_yield,
	REAL_accept,
	REAL_accept4,
	REAL_open,
	REAL_close,
	REAL_close_range,
	REAL_dup2,
	REAL_dup3,
	REAL_prctl,
	REAL_pthread_setname_np,
	REAL_COUNT,
};

void *real_function(enum real which);

#define REAL(name) ((__typeof__(name) *)real_function(REAL_##name))

/* Where the linker takes the runtime's calls to. */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*fn)(void *arg), void *arg);
int __wrap_sched_yield(void);
int __wrap_close(int fd);
int __wrap_open(const char *path, int flags, ...);
int __wrap_prctl(int option, ...);

/*
 * A second number for a file, closed by exec: a high one, as shells and daemons have
 * numbers of their own for their files, small ones as a rule. -1: there is none.
 */
int real_out_of_the_way(int fd);

/* --- the runtime of this process (start.c) ------------------------------------------- */

/* There is one from now on, if there can be: that is tried once. */
void run_start(void);

/* NULL: there is none. */
struct umcg_rt *run_runtime(void);

/* The file of its group, which is not the program's; -1 if there is none. */
int run_file(void);

/* When it was made, of CLOCK_MONOTONIC. */
__u64 run_since(void);

/*
 * The caller becomes a worker; if it cannot, it goes on as it is. @priority: what it has,
 * and not what its name says; or NULL.
 */
void run_enter(const int *priority);

/* Has the caller the priority of a port? Then another name does not take it. */
bool run_serves_port(void);

/* How many could not. */
unsigned int run_plain(void);

/* After a fork(): the parent's is not ours. */
void run_forget(void);

/* --- choices that are repeated (settle.c) ------------------------------------------------- */

bool settle_wanted(void);
/* Until the new thread that puts its number there is in the queue, or nearly for ever. */
void settle_wait(const pid_t *tid);

/* --- statistics (stats.c) --------------------------------------------------------------- */

void stats_init(void);
/* What standard error was when the program began; -1 if nothing is to be printed there. */
int stats_file(void);

/* --- ends (end.c) ---------------------------------------------------------------------- */

void end_init(void);
/* A thread of the program's is about to be, or was not made after all. */
void end_thread_comes(void);
void end_thread_fails(void);
/* By that thread: its end is to be seen. */
void end_thread_begins(void);
/* Only the caller is left. */
void end_forked(void);

/* --- connections (accept.c) -------------------------------------------------------------- */

/*
 * What a thread is to have that serves the connection which the caller accepted last. False:
 * nothing, or another serves that one.
 */
bool accept_priority(int *priority);

/* --- forks (fork.c) --------------------------------------------------------------------- */

void fork_init(void);

#endif /* UMCG_PRELOAD_INTERNAL_H */
