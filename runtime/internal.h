/* SPDX-License-Identifier: MIT */
/* What the files of libumcg-runtime share, and nobody else sees. README.md says why so. */
#ifndef UMCG_RUNTIME_INTERNAL_H
#define UMCG_RUNTIME_INTERNAL_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>

#include "umcg_runtime.h"

/* Everything else is hidden by -fvisibility=hidden; libumcg-runtime.map has the names. */
#define UMCG_PUBLIC	__attribute__((__visibility__("default")))

#define SLOTS_MAX	65536U	/* more are not used, whatever the module has */
#define ENDED_MAX	1024U
#define CACHE_LINE	64

/* --- a lock between servers (lock.c) --------------------------------------- */

/* Its holder is never a worker, which could be stopped with it. */
void rt_lock(__u32 *word);
void rt_unlock(__u32 *word);

/* While the word is @value; 0 for no @timeout, else absolute. Returns for any reason. */
void rt_futex_wait(__u32 *word, __u32 value, __u64 timeout);
void rt_futex_wake_all(__u32 *word);

__u64 rt_now(void);

/* --- a worker (record.c) --------------------------------------------------- */

/**
 * struct entry - what a worker comes with
 *
 * Of a new thread its slot's user word names it, of a spare one record::renew. It stays
 * until the worker is first run.
 */
struct entry {
	char name[UMCG_RT_NAME_MAX];
	int priority;
	__u64 deadline;
	void *user;
};

/**
 * struct record - what servers know of the worker in a slot
 * @w:		what policies see; while @queued it is the queue's
 * @stats:	counters are added to by whichever server has to
 * @lock:	of servers, and the watchdog: over the beginning and the end of a worker
 * @gen:	of the slot, when its thread was first seen; 0: there is none
 * @live:	a worker; else a spare thread, or none
 * @queued:	in a queue; who sets it puts it there, who took it from there clears it
 * @ending:	by the worker: what it did is done, and it becomes a spare thread
 * @yielding:	by the worker: its WAIT is a yield
 * @priority:	by the worker: from the next enqueue on
 * @deadline:	likewise
 * @renew:	by umcg_rt_spawn(): what the spare thread is to be; cleared by a server
 * @told:	by the watchdog: which wait it has told of
 */
struct record {
	struct umcg_rt_worker w;
	struct umcg_rt_stats stats;
	__u32 lock;
	__u32 gen;
	__u32 live;
	__u32 queued;
	__u32 ending;
	__u32 yielding;
	int priority;
	__u64 deadline;
	const struct entry *renew;
	__u64 told;
};

/* --- the runtime (rt.c) ---------------------------------------------------- */

/**
 * struct queue - a queue of the policy's
 * @lock:	of servers; over @data and the records that are in it
 * @count:	how many are in it; written under the lock, read by whoever idles
 * @data:	the policy's
 */
struct queue {
	_Alignas(CACHE_LINE) __u32 lock;
	__u32 count;
	void *data;
};

/**
 * struct server - one of the threads that schedule
 * @running:	whom it runs, or is about to; for those who look for one to preempt
 * @preempting:	that one is on its way out already
 * @best:	of those that came while it runs nobody, if the policy preempts
 * @idle:	about to sleep, or asleep, with nothing to run
 * @turns:	how often it has looked for one to run
 * @started:	0, or why it could not be
 */
struct server {
	_Alignas(CACHE_LINE) struct umcg_rt *rt;
	struct umcg_task *self;
	struct queue *queue;
	struct record *running;
	struct record *best;
	__u32 index;
	__u32 slot;
	__u32 tid;
	__u32 idle;
	__u32 preempting;
	__u32 turns;
	pthread_t thread;
	struct umcg_join started;
	_Alignas(CACHE_LINE) struct umcg_rt_stats stats;
};

/* One of those that ended; odd @seq: it is being written. */
struct ended {
	__u32 seq;
	struct umcg_rt_stats stats;
};

/**
 * struct umcg_rt - a runtime
 * @mark:	1; 0 in a child of fork()
 * @idlers:	servers that are idle
 * @stopping:	servers end
 * @alive:	workers, from before they register until a server has seen their end; who
 *		destroys the runtime sleeps on it
 * @threads:	that have a slot, or are to get one: workers and spare threads
 * @threads_peak: the most there were
 * @limit:	the most there may be
 * @slots_seen:	records from here on were never used
 * @ended:	the last workers that ended, a ring; @ended_lock is the servers'
 * @lock:	over @spares and @handles; never taken by a server
 */
struct umcg_rt {
	struct umcg_group *group;
	const struct umcg_rt_policy *policy;
	const __u32 *mark;
	struct record *records;
	struct server *servers;
	struct queue *queues;
	__u32 server_count;
	__u32 queue_count;
	__u64 seed;
	__u64 slice_ns;
	__u64 stall_ns;
	void (*on_stall)(const struct umcg_rt_stall *stall, void *arg);
	void *stall_arg;
	pthread_t watchdog;
	__u32 watchdog_stops;
	__u32 next_home;

	_Alignas(CACHE_LINE) __u32 idlers;
	__u32 stopping;
	__u32 alive;
	__u32 threads;
	__u32 threads_peak;
	__u32 limit;
	__u32 slots_seen;
	__u32 slots_max;

	__u32 ended_lock;
	__u64 ended_count;
	struct ended *ended;

	struct umcg_mutex lock;
	struct spare *spares;
	__u32 spare_count;
	__u32 spare_max;
	struct umcg_rt_thread *handles;
};

static inline bool rt_is_ours(const struct umcg_rt *rt)
{
	return __atomic_load_n(rt->mark, __ATOMIC_RELAXED);
}

static inline struct record *rt_record(const struct umcg_rt *rt, __u32 slot)
{
	return slot < rt->slots_max ? &rt->records[slot] : &rt->records[0];
}

/* Do servers have to hear of each wake-up at once? */
static inline bool rt_preempts(const struct umcg_rt *rt)
{
	return rt->policy->preempts;
}

/* A place for one thread more, and for one worker. False: all slots are taken. */
bool rt_reserve_thread(struct umcg_rt *rt);
void rt_release_thread(struct umcg_rt *rt);
void rt_worker_comes(struct umcg_rt *rt);
void rt_worker_gone(struct umcg_rt *rt);

/* A thread of the runtime's own, with all signals blocked. 0 or -errno. */
int rt_start_thread(pthread_t *thread, size_t stack, void *(*run)(void *), void *arg);

/* --- a worker (record.c); called by servers -------------------------------- */

/*
 * The worker in @slot, which is on a list that was taken, and not popped yet: so the
 * slot is its own. NULL: it is gone.
 */
struct record *rt_record_arrives(struct server *s, __u32 slot, bool *is_new);
/* Its thread has left. @gen: of its slot. */
void rt_record_gone(struct server *s, struct record *r, __u32 gen);
/* It has become a spare thread. */
void rt_record_retires(struct server *s, struct record *r);

/* --- queues (queue.c); called by servers ----------------------------------- */

/* False if it is in one already. */
bool rt_queue_put(struct server *s, struct record *r, enum umcg_rt_why why);
/* NULL: there is none. Becomes what @s runs. */
struct record *rt_queue_pick(struct server *s, struct queue *q);
struct record *rt_queue_steal(struct server *s);
bool rt_queues_are_empty(const struct umcg_rt *rt);
void rt_queue_stopped(struct server *s, struct record *r, enum umcg_rt_stop why);

/* --- servers (server.c) ---------------------------------------------------- */

void *rt_server_main(void *arg);

/* --- the calling thread (self.c) ------------------------------------------- */

/**
 * struct self - the calling thread, if it is a worker of a runtime
 * @rt:		NULL if it is not
 * @thread:	the thread of umcg_rt_spawn() that it is; NULL after umcg_rt_enter()
 */
struct self {
	struct umcg_rt *rt;
	struct record *record;
	struct umcg_task *task;
	struct umcg_rt_thread *thread;
};

/* NULL: it is no worker. Before whatever may wait, as a child of fork() is attached. */
struct self *rt_self(void);
/* As umcg_rt_enter(), with the places reserved. */
int rt_self_enter(struct umcg_rt *rt, const struct entry *entry,
		  struct umcg_rt_thread *thread);
void rt_self_leave(void);
/* One WAIT, which may return for nothing. */
int rt_self_wait(const struct self *self, __u32 flags, __u64 timeout);
void rt_self_yield(const struct self *self);

/* --- threads (spawn.c) ----------------------------------------------------- */

/* All workers have gone: the spare threads end, and handles nobody wants are freed. */
void rt_threads_end(struct umcg_rt *rt);
/* Only the latter, in a child of fork(). */
void rt_handles_free(struct umcg_rt *rt);

void rt_entry_fill(struct entry *entry, const struct umcg_rt_thread_attr *attr,
		   bool from_caller);

/* --- the watchdog (stall.c) ------------------------------------------------ */

void *rt_watchdog_main(void *arg);

/* --- statistics (stats.c) -------------------------------------------------- */

void rt_stats_add(__u64 *counter, __u64 n);
void rt_stats_max(__u64 *counter, __u64 n);
void rt_stats_end(struct umcg_rt *rt, const struct umcg_rt_stats *stats);

/* --- for policies (heap.c) ------------------------------------------------- */

/* A pairing heap: the least key first, of equal ones who is runnable longest. */
#define RT_HEAP_SIZE	sizeof(struct umcg_rt_worker *)

void rt_heap_put(void *queue, struct umcg_rt_worker *w, __u64 key);
/* As it stands for a policy's pick(). */
struct umcg_rt_worker *rt_heap_pick(void *queue, __u64 now);

#endif /* UMCG_RUNTIME_INTERNAL_H */
