/* SPDX-License-Identifier: GPL-2.0-only */
/* proc.h - what /proc says of a thread: the oracle that is not ours */
#ifndef PROC_H
#define PROC_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The context switches of a thread, of this process or any other. */
struct proc_switches {
	unsigned long voluntary;
	unsigned long involuntary;
};

/* Each of these fails the test if the thread is not there. */
struct proc_switches proc_switches(pid_t tid);

/*
 * The same once it sleeps and they stand still: 'S' is to be read before the switch
 * is counted, and the host may stop that processor of the guest in between.
 */
struct proc_switches proc_settled(pid_t tid);

/*
 * Asleep, and not only on its way there: to answer this, the kernel waits until a
 * thread that is going to sleep has left its processor.
 */
bool proc_is_off(pid_t tid);

/* Nanoseconds on a processor, as the scheduler counts them. */
__u64 proc_cpu_ns(pid_t tid);

/* See that it gets more of them. */
void proc_runs_on(pid_t tid);

/* The processor it runs on, or ran on last. */
int proc_cpu(pid_t tid);

/* R, S, D, T, t, Z, X, I; 0 if the thread is not there, which is no failure. */
char proc_state(pid_t tid);

/* Is it in that set of a thread of this process: SigPnd, ShdPnd, SigBlk, ...? */
bool proc_signal_in(pid_t tid, const char *set, int signal);

/*
 * The system call that a thread of this process sleeps in; -1 if it does not sleep,
 * or not in a call.
 */
long proc_sleeps_in(pid_t tid);

/* Lines of that file with that text in them; 0 if it cannot be read. */
unsigned long count_lines(const char *file, const char *text);

/* The number behind that word in that file; -1 if there is none. */
long read_number(const char *file, const char *word);

/* Write to it, as an administrator does; false: this kernel does not let it. */
bool proc_set(const char *file, const char *value);

#define FTRACE_ENABLED	"/proc/sys/kernel/ftrace_enabled"

/* PREEMPT_RT? */
bool kernel_is_realtime(void);

/* Wait for the end of that child, which has nothing to complain of. */
void ended_well(pid_t child);

/* Timer interrupts of all processors together. */
unsigned long timer_interrupts(void);

/* How many processors this process may use, and a thread on one of them only. */
int cpu_count(void);
void pin(pid_t tid, int cpu);

/* Voluntary switches of the calling thread, without leaving it. */
unsigned long own_switches(void);

#endif /* PROC_H */
