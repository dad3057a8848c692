/* SPDX-License-Identifier: MIT */
/*
 * umcg_runtime.h - libumcg-runtime: servers that schedule, and threads for them to run
 *
 * A runtime is a group, its servers, and a policy that says who runs next. Threads get
 * into it by umcg_rt_spawn(), or as they are by umcg_rt_enter(), and stay real threads:
 * TLS, errno, debuggers, profilers and sanitizers find what they know. What they do in
 * the kernel needs no care: when one blocks, its server runs another.
 *
 *	struct umcg_rt *rt;
 *	struct umcg_rt_thread *t;
 *	void *value;
 *
 *	umcg_rt_create(&rt, NULL);
 *	umcg_rt_spawn(rt, &t, NULL, work, NULL);
 *	umcg_rt_join(t, &value);
 *	umcg_rt_destroy(rt);
 *
 * Inside of a worker <umcg_sync.h> may be used as it stands: each is attached, and its
 * waits go to its server, so that the policy decides who is next.
 *
 * Results: 0 or something positive for success, a negative errno for failure; errno is
 * left as it was. Times are in nanoseconds, absolute ones of CLOCK_MONOTONIC.
 *
 * Behind the name of each function stands what it may be called from:
 *
 *	MT	any thread, at any time
 *	worker	a worker of the runtime only; elsewhere -EPERM
 *	policy	a policy's functions only
 *
 * None is async-signal-safe. fork(): the child has no servers and is no worker; there
 * every function with a struct umcg_rt or umcg_rt_thread of the parent's says
 * -ESHUTDOWN, but umcg_rt_destroy(), which gives back the memory. It may create a new
 * one, also in a handler of pthread_atfork().
 */
#ifndef UMCG_RUNTIME_H
#define UMCG_RUNTIME_H

#include <umcg_sync.h>

#ifdef __cplusplus
extern "C" {
#endif

struct umcg_rt;
struct umcg_rt_thread;
struct umcg_rt_policy;

/* --- the runtime --------------------------------------------------------- */

#define UMCG_RT_SERVERS_MAX	1024
#define UMCG_RT_NAME_MAX	16	/* its NUL included, as that of the kernel */
#define UMCG_RT_NO_SLICE	(~0ULL)
#define UMCG_RT_SLICE_DEFAULT	4000000ULL

/**
 * struct umcg_rt_attr - what is to be made; all zeroes are the defaults
 * @servers:	how many threads run at most at one time: 1 to UMCG_RT_SERVERS_MAX; 0 for
 *		one per CPU of the caller's affinity mask
 * @flags:	must be 0
 * @policy:	who runs next; NULL for umcg_rt_fifo. It stays until umcg_rt_destroy()
 * @seed:	for umcg_rt_random, and whatever policy asks for it
 * @slice_ns:	how long a worker runs before others get their turn: from 100,000 to
 *		2^47 - 1; 0 for UMCG_RT_SLICE_DEFAULT, UMCG_RT_NO_SLICE for no end
 * @stall_ns:	tell @on_stall of a worker which was runnable for so long and was not run,
 *		once for each such wait; 0 for never. Looked at four times in that time,
 *		by a plain thread of the runtime's
 * @on_stall:	called from that plain thread, which may do what it likes
 * @arg:	for @on_stall
 * @spare:	how many threads that have ended are kept, parked, for umcg_rt_spawn();
 *		0 for 64
 * @pad:	must be 0
 */
struct umcg_rt_stall;
struct umcg_rt_attr {
	__u32 servers;
	__u32 flags;
	const struct umcg_rt_policy *policy;
	__u64 seed;
	__u64 slice_ns;
	__u64 stall_ns;
	void (*on_stall)(const struct umcg_rt_stall *stall, void *arg);
	void *arg;
	__u32 spare;
	__u32 pad;
};

/**
 * struct umcg_rt_stall - a worker that nobody runs
 * @tid:	which
 * @waited_ns:	since when it is runnable
 * @name:	as it was entered with
 */
struct umcg_rt_stall {
	__u32 tid;
	__u64 waited_ns;
	char name[UMCG_RT_NAME_MAX];
};

/**
 * umcg_rt_create() - start the servers (MT)
 * @rt: the runtime, for umcg_rt_destroy(); NULL on failure
 * @attr: NULL for the defaults
 *
 * The servers are threads named umcg-server/N which block all signals.
 *
 * Return: 0, -EINVAL, -EAGAIN (no thread), -ENOMEM, or what umcg_open() or
 * umcg_register() says.
 */
int umcg_rt_create(struct umcg_rt **rt, const struct umcg_rt_attr *attr);

/**
 * umcg_rt_destroy() - wait for the last worker, end the servers, give all back (MT)
 * @rt: nobody else uses it any more; NULL is allowed
 *
 * Spare threads end. Threads that were neither joined nor detached are forgotten.
 *
 * Return: 0, or -EDEADLK: the caller is a worker of it.
 */
int umcg_rt_destroy(struct umcg_rt *rt);

/* The group, for umcg_query() and the like; its servers are the runtime's. (MT) */
struct umcg_group *umcg_rt_group(const struct umcg_rt *rt);

/* --- threads ------------------------------------------------------------- */

/**
 * struct umcg_rt_thread_attr - a worker; all zeroes are the defaults
 * @name:	shown by ps, gdb and the statistics; cut after 15 bytes. NULL: as the thread
 *		is called (umcg_rt_enter()), or the creator's (umcg_rt_spawn())
 * @priority:	for umcg_rt_prio: the more, the sooner; any int
 * @flags:	must be 0
 * @deadline:	for umcg_rt_edf: when it wants to be done; 0 for whenever
 * @stack_size:	umcg_rt_spawn(): at least that; 0 for the default of pthread_create()
 * @user:	for a policy of the application's own
 */
struct umcg_rt_thread_attr {
	const char *name;
	int priority;
	__u32 flags;
	__u64 deadline;
	size_t stack_size;
	void *user;
};

/**
 * umcg_rt_spawn() - a thread of the runtime that calls fn(arg) (MT)
 * @rt: the runtime
 * @t: for umcg_rt_join() or umcg_rt_detach(); NULL: it is detached from the beginning
 * @attr: NULL for the defaults
 * @fn: what it does
 * @arg: for @fn
 *
 * It runs when a server gets to it; the caller goes on. Ends when @fn returns, or calls
 * pthread_exit(), or is cancelled. It has the caller's signal mask.
 *
 * The thread may have called another function before (umcg_rt_attr::spare): then its
 * thread-local variables are as that has left them, and the destructors of
 * pthread_key_create() run when the thread ends in fact. Its affinity and scheduling class
 * are as they were, too.
 *
 * Return: 0, -EINVAL, -EAGAIN (no thread, or all slots of the group are taken),
 * -ENOMEM, -ESHUTDOWN.
 */
int umcg_rt_spawn(struct umcg_rt *rt, struct umcg_rt_thread **t,
		  const struct umcg_rt_thread_attr *attr, void *(*fn)(void *), void *arg);

/**
 * umcg_rt_join() - wait until it has ended (MT)
 * @t: gone when this returns 0
 * @value: gets what its function returned or gave to pthread_exit(), or
 *	PTHREAD_CANCELED; may be NULL
 *
 * Return: 0, -EDEADLK: it is the caller; -ESHUTDOWN: of another process.
 */
int umcg_rt_join(struct umcg_rt_thread *t, void **value);

/* Nobody will join it. (MT) Return: 0 or -ESHUTDOWN. */
int umcg_rt_detach(struct umcg_rt_thread *t);

/**
 * umcg_rt_enter() - the calling thread becomes a worker (MT)
 * @rt: the runtime
 * @attr: NULL for the defaults; @stack_size does not matter
 *
 * Returns when a server runs it. It is a worker until umcg_rt_leave() or its end.
 *
 * Return: 0, -EEXIST: it is a worker already, here or elsewhere; -EAGAIN: all slots of
 * the group are taken; -EINVAL, -ENOMEM, -ESHUTDOWN.
 */
int umcg_rt_enter(struct umcg_rt *rt, const struct umcg_rt_thread_attr *attr);

/* The calling thread becomes a plain thread again. (worker, of umcg_rt_enter() only) */
int umcg_rt_leave(void);

/* The runtime that the calling thread is a worker of, or NULL. (MT) */
struct umcg_rt *umcg_rt_self(void);

/* Let others run, as the policy says. Return: 0 or -EPERM. (worker) */
int umcg_rt_yield(void);

/* Not before @when; in a plain thread too. Return: 0. (MT) */
int umcg_rt_sleep_until(__u64 when);

/* Count from the next time that the caller becomes runnable. (worker) */
int umcg_rt_set_priority(int priority);
int umcg_rt_set_deadline(__u64 deadline);

/* --- policies ------------------------------------------------------------ */

/* Why a worker becomes runnable. */
enum umcg_rt_why {
	UMCG_RT_NEW,		/* for the first time */
	UMCG_RT_WOKEN,		/* it was blocked or parked */
	UMCG_RT_YIELDED,
	UMCG_RT_PREEMPTED,	/* its slice is over, or a better one was there */
};

/* Why a worker does not run any longer. */
enum umcg_rt_stop {
	UMCG_RT_STOP_BLOCK,
	UMCG_RT_STOP_PARK,
	UMCG_RT_STOP_YIELD,
	UMCG_RT_STOP_PREEMPT,
	UMCG_RT_STOP_EXIT,
};

/**
 * struct umcg_rt_worker - a worker as a policy sees it
 * @next:	the policy's, from enqueue to pick; as are @prev and @key
 * @prev:	likewise
 * @key:	likewise
 * @tid:	which
 * @server:	the number of the server it last ran on
 * @priority:	umcg_rt_thread_attr, or umcg_rt_set_priority()
 * @deadline:	likewise
 * @runnable_ns: when it became runnable
 * @ran_ns:	for how long it ran when it last did
 * @user:	umcg_rt_thread_attr
 * @name:	likewise
 */
struct umcg_rt_worker {
	struct umcg_rt_worker *next, *prev;
	__u64 key;
	__u32 tid;
	__u32 server;
	int priority;
	__u32 pad;
	__u64 deadline;
	__u64 runnable_ns;
	__u64 ran_ns;
	void *user;
	char name[UMCG_RT_NAME_MAX];
};

/* struct umcg_rt_policy::flags: one queue for all servers, none of its own for each. */
#define UMCG_RT_ONE_QUEUE	0x00000001U

/**
 * struct umcg_rt_policy - who runs next
 * @name:	for people
 * @flags:	UMCG_RT_ONE_QUEUE or 0
 * @queue_size:	bytes of a queue; they are zero before @init
 * @init:	a queue is made; @seed is that of umcg_rt_attr. May be NULL
 * @enqueue:	@w is runnable: put it into @queue
 * @pick:	take the one that is to run out of @queue, or NULL; @now is the time.
 *		Of a worker whose server has its own queue, it may be called for another
 *		server, which has nothing to do, and takes over the worker (stealing)
 * @stopped:	@w, which was picked from a queue, stopped. With several servers another
 *		may have enqueued it again before this is called. May be NULL
 * @preempts:	should @w, just put into a queue, run instead of @running? Then the worst
 *		of those that run is preempted: with UMCG_RT_ONE_QUEUE of all servers, else
 *		of this one. May be NULL: nobody is before the end of its slice
 *
 * All functions are called by servers, one at a time for a queue, under a lock. They
 * share the process with workers that may be stopped anywhere, in the middle of malloc()
 * or printf(): so they take no lock, allocate nothing, print nothing, call nothing of
 * libc but what is async-signal-safe, do not block, and do not walk all workers where
 * that can be helped.
 */
struct umcg_rt_policy {
	const char *name;
	__u32 flags;
	size_t queue_size;
	void (*init)(void *queue, __u64 seed);
	void (*enqueue)(void *queue, struct umcg_rt_worker *w, enum umcg_rt_why why);
	struct umcg_rt_worker *(*pick)(void *queue, __u64 now);
	void (*stopped)(void *queue, struct umcg_rt_worker *w, enum umcg_rt_stop why);
	bool (*preempts)(const struct umcg_rt_worker *w,
			 const struct umcg_rt_worker *running);
};

/* First come, first served; a queue for each server, and stealing. */
extern const struct umcg_rt_policy umcg_rt_fifo;
/* Last come, first served; who yields or is preempted goes to the end. Likewise. */
extern const struct umcg_rt_policy umcg_rt_lifo;
/*
 * The highest priority, which grows by one for each 10 ms of waiting; preempts who runs
 * with a lower one; one queue.
 */
extern const struct umcg_rt_policy umcg_rt_prio;
/* The earliest deadline, those without one last; preempts who runs with a later one; one queue. */
extern const struct umcg_rt_policy umcg_rt_edf;
/* Any, by the seed: on one server, the same choices from the same choices. One queue. */
extern const struct umcg_rt_policy umcg_rt_random;

/* One of the above by its name: "fifo", "lifo", "prio", "edf", "random"; or NULL. (MT) */
const struct umcg_rt_policy *umcg_rt_policy_by_name(const char *name);

/* --- statistics ---------------------------------------------------------- */

/**
 * struct umcg_rt_stats - since it began; of a server, or of a worker
 * @tid:	whose
 * @name:	likewise
 * @runs:	switches to a worker
 * @blocks:	runs that ended in the kernel
 * @yields:	by umcg_rt_yield()
 * @parks:	by umcg_rt_sleep_until() and umcg_sync.h
 * @preempts:	by the end of a slice, or for a better one
 * @exits:	of workers
 * @steals:	workers taken from the queue of another server
 * @idles:	times a server slept with nothing to run
 * @run_ns:	time that workers ran
 * @wait_ns:	from runnable to run, all of them together
 * @wait_max_ns: the longest of them
 *
 * Counters are written by the servers without a lock and read while they run: each is
 * whole by itself, and together they may be of different moments.
 */
struct umcg_rt_stats {
	__u32 tid;
	char name[UMCG_RT_NAME_MAX];
	__u64 runs, blocks, yields, parks, preempts, exits, steals, idles;
	__u64 run_ns, wait_ns, wait_max_ns;
};

/* How many servers there are. (MT) */
__u32 umcg_rt_servers(const struct umcg_rt *rt);
/* Of server number @server, from 0. Return: 0, -EINVAL, -ESHUTDOWN. (MT) */
int umcg_rt_server_stats(const struct umcg_rt *rt, __u32 server,
			 struct umcg_rt_stats *stats);
/* Of the calling worker. Return: 0 or -EPERM. (worker) */
int umcg_rt_self_stats(struct umcg_rt_stats *stats);

/**
 * umcg_rt_each_worker() - the statistics of all workers, also of those that ended (MT)
 * @rt: the runtime
 * @each: called for each, not under a lock; what it returns, if not 0, ends the walk
 * @arg: for @each
 *
 * Of those that ended, the last 1,024.
 *
 * Return: what @each returned last; 0 if there is none; -ESHUTDOWN.
 */
int umcg_rt_each_worker(const struct umcg_rt *rt,
			int (*each)(const struct umcg_rt_stats *stats, void *arg), void *arg);

/* Workers that are registered, or about to be; spare threads not counted. (MT) */
__u32 umcg_rt_workers(const struct umcg_rt *rt);

#ifdef __cplusplus
}
#endif

#endif /* UMCG_RUNTIME_H */
