/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what a case of the benchmark is made of
 *
 * A case is a function that does one thing many times, in a process of its own
 * with a scheduling policy of its own. It calls meter_begin(), then meter_op()
 * behind each operation, then meter_end(). Where a nanosecond is an instruction
 * (tests/vm/run --icount), its figures are instructions.
 */
#ifndef BENCH_H
#define BENCH_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>
#include <umcg.h>

/* Policies, as bits: which of them a case is of use with. */
#define OTHER		1U
#define BATCH		2U
#define FIFO		4U
#define ALL_POLICIES	(OTHER | BATCH | FIFO)

/* Where the threads of a case run, as bits: what it knows; none is TOGETHER. */
#define TOGETHER	1U /* on processor 0 */
#define FREE		2U /* where the scheduler puts them */
#define ACROSS		4U /* on processor 0, but who answers on processor 1 */
#define EACH		8U /* a server and its share of the workers on each processor */

/**
 * struct setting - how a case is run, told on the command line
 * @place:	one of those above
 * @tasks:	how many threads, where a case is about their number
 */
struct setting {
	unsigned int place;
	unsigned int tasks;
};

extern struct setting setting;

/**
 * struct bench - a case
 * @name:	on the command line and in the results
 * @what:	one operation, in words
 * @policies:	the policies it is measured with
 * @places:	where it can run, if not on processor 0 only
 * @crowd:	it is about the number of threads
 * @needs_umcg:	not without the module
 * @plain:	also measured to see what the module costs those who do not use it
 * @ops:	operations of one run, if not as many as of most
 * @parts:	what @run measures one after the other, if more than one thing
 * @run:	does it
 * @cleanup:	takes away what it leaves behind
 */
struct bench {
	const char *name;
	const char *what;
	unsigned int policies;
	unsigned int places;
	bool crowd;
	bool needs_umcg;
	bool plain;
	unsigned int ops;
	const char *const *parts;
	void (*run)(unsigned int ops);
	void (*cleanup)(void);
};

#define PARTS_MAX	4

/* NULL-named at the end: one table for each group of cases. */
extern const struct bench handoff_cases[];
extern const struct bench pingpong_cases[];
extern const struct bench seccomp_cases[];
extern const struct bench wake_cases[];
extern const struct bench kick_cases[];
extern const struct bench life_cases[];
extern const struct bench plain_cases[];
extern const struct bench crowd_cases[];
extern const struct bench latency_cases[];
extern const struct bench sync_cases[];
extern const struct bench runtime_cases[];

/* Charge this process to a control group of its own, if that can be. */
bool memory_watch(void);
void memory_forget(void);

/* Bytes that the kernel is charged for. */
long memory_charged(void);

/* Be another process with a group open and nothing to do, until killed. */
int hold_main(void);

/* --- measuring ----------------------------------------------------------- */

/**
 * struct figures - of one run; times in nanoseconds
 * @switches:	per operation, of everything on this machine, by way of the idle task
 *		counted as two; less than 0 if it cannot be told
 * @own:	those of the threads of the case
 * @ipis:	interrupts that processors sent to each other or to themselves
 * @stayed:	the share of handoffs that did not change the processor
 */
struct figures {
	unsigned int ops;
	double mean, p50, p99, max;
	double switches, own, ipis, stayed;
};

/* Where the case's process leaves its figures; it goes on to the next for its next part. */
extern struct figures *figures;

void meter_begin(unsigned int ops);
/* An operation begins here, if not where the last one ended. */
void meter_start(void);
/* It has ended. True as long as there are more to come. */
bool meter_op(void);
/* The same for one whose times were taken elsewhere. */
bool meter_took(__u64 ns);
void meter_end(void);
/* No times: that is what it took for each of so many. */
void meter_value(unsigned int ops, double mean);
/* The operation is only a part of what is done each time: its switches cannot be told. */
void meter_partial(void);
/* The turn has come to the caller: if all are free to run anywhere, was it here before? */
void meter_landed(void);

/* Rounds before the first that counts: caches, load averages, lazy binding. */
#define WARM_UP		2500

/* Called behind each of those; the last one begins. Returns true. */
bool meter_warm(unsigned int *done, unsigned int ops);

/* All of that for an operation which is one expression: no call is measured along. */
#define METER(ops, operation)                                                \
	do {                                                                 \
		unsigned int warm_ = 0;                                      \
		do {                                                         \
			operation;                                           \
		} while (warm_ < WARM_UP ? meter_warm(&warm_, ops) : meter_op()); \
		meter_end();                                                 \
	} while (0)

__u64 now(void);

/* --- helpers ------------------------------------------------------------- */

void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* -1 and errno: die. */
#define must(call)                                        \
	__extension__({                                   \
		long result_ = (long)(call);              \
		if (result_ == -1)                        \
			die("%s: %s", #call, why_not());  \
		result_;                                  \
	})

const char *why_not(void);

void set_policy(pid_t tid, unsigned int policy, int priority);
unsigned int current_policy(void);
/* Only on that processor, from here on. */
void run_on(int cpu);
/* Who answers does so from there, if that is the place. */
void go_across(void);
pthread_t spawn(void *(*run)(void *arg), void *arg);

long futex_wait(__u32 *word, __u32 value);
long futex_wake(__u32 *word, int count);

/* For loops that wait in user mode: the other hyperthread, or the emulator's, goes first. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("" ::: "memory");
#endif
}

#endif /* BENCH_H */
