/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.h - calls at random, by processes that nobody trusts
 *
 * A generation is a few children, each of them a process with a group, threads
 * that call whatever comes to their minds, and one that writes into all slots
 * whatever hurts; a tracer; and a parent that sends them signals. Then all are
 * killed, and the parent looks at what is left: nothing may be.
 *
 * A seed decides what each thread tries, not how they meet: the same seed leads
 * to much the same calls, not to the same moments.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <linux/types.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <umcg.h>

#define FUZZ_CHILDREN	3
#define FUZZ_THREADS	8
#define FUZZ_SLOTS	64 /* the first ones are what is looked at, and written to */

enum fuzz_op {
	FUZZ_QUERY, FUZZ_REGISTER, FUZZ_UNREGISTER, FUZZ_WAIT, FUZZ_WAKE,
	FUZZ_KICK, FUZZ_IOCTL, FUZZ_MAP, FUZZ_POLL, FUZZ_OPEN, FUZZ_BLOCK,
	FUZZ_FORK, FUZZ_EXEC, FUZZ_EXIT, FUZZ_SIGNAL, FUZZ_SCRIBBLE, FUZZ_TRACE,
	FUZZ_KILL, FUZZ_OPS
};

extern const char *const fuzz_names[FUZZ_OPS];

/*
 * struct fuzz_shared - what the parent and all children see
 * @done, @good:	how often each was tried, and how often without an error
 * @handoffs:		WAITs of workers that named another one, and returned 0
 * @tids:		the threads of the children; 0 where there is none
 * @wrong:		what should never be, by whoever has seen it first
 */
struct fuzz_shared {
	unsigned long done[FUZZ_OPS];
	unsigned long good[FUZZ_OPS];
	unsigned long handoffs;
	pid_t tids[FUZZ_CHILDREN][FUZZ_THREADS];
	char wrong[256];
};

struct fuzz_child;

/* One thread; all but @child and @index are its own. */
struct fuzz_thread {
	struct fuzz_child *child;
	unsigned int index;
	__u64 random;
	pthread_t thread;
	__u32 slot; /* 0: not registered, as far as it knows */
	bool is_server;
	bool leave;
};

/* One process. The group is replaced now and then; the slots stay in one place. */
struct fuzz_child {
	struct fuzz_shared *shared;
	unsigned int index;
	int fd;
	struct umcg_task *slots;
	size_t map_size;
	char *page; /* one, and one behind it that is not there */
	int pipe[2];
	pid_t server; /* the latest */
	struct fuzz_thread threads[FUZZ_THREADS];
};

/* random.c: from 0 to @n - 1; one time in @n; what hurts; a state from a seed */
__u64 fuzz_random(__u64 *state);
__u32 fuzz_below(__u64 *state, __u32 n);
bool fuzz_once_in(__u64 *state, __u32 n);
__u64 fuzz_hostile(__u64 *state);
__u64 fuzz_state(unsigned long seed, unsigned int generation, unsigned int who);

/* calls.c: of the module */
long fuzz_count(struct fuzz_shared *s, enum fuzz_op op, long result);
void fuzz_call(struct fuzz_thread *t);
void fuzz_wait(struct fuzz_thread *t);
void fuzz_poke(struct fuzz_thread *t);
void *fuzz_pointer(struct fuzz_thread *t);

/* world.c: of everything else that a process can do to itself */
void fuzz_live(struct fuzz_thread *t);

/* child.c: does not return */
bool fuzz_open(struct fuzz_child *c);
void fuzz_child(struct fuzz_shared *s, unsigned int index, unsigned long seed,
		unsigned int generation) __attribute__((noreturn));

/* tracer.c: does not return */
void fuzz_tracer(struct fuzz_shared *s, __u64 random) __attribute__((noreturn));

/*
 * generation.c: one of them, for that long. Return: false if something is wrong,
 * which is in @s->wrong.
 */
bool fuzz_generation(struct fuzz_shared *s, unsigned long seed,
		     unsigned int generation, __u64 ns);

/* run.c: many. As fuzz_generation(); @report is called every @every ns. */
bool fuzz_run(struct fuzz_shared *s, unsigned long seed, __u64 ns, __u64 every);
struct fuzz_shared *fuzz_shared(void);
void fuzz_report(const struct fuzz_shared *s);

/* What a program that was started by exec does: it ends. */
#define FUZZ_EXEC_ARG	"--gone"

void fuzz_wrong(struct fuzz_shared *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* FUZZ_H */
