/* SPDX-License-Identifier: MIT */
/*
 * umcg_sync.h - libumcg-sync: locks and queues for workers, servers and plain threads
 *
 * Waiting in a worker switches straight to the worker that has been on a list for the
 * longest time, that of the server it runs under before the group's; if there is none,
 * to its server. No server runs in between. Waking never stops the caller, but where it
 * is said. Whoever is no worker, or has not called umcg_sync_attach(), waits with a
 * futex: servers and plain threads do, and workers too once their group has ended.
 * All of them may use the same object.
 *
 *	umcg_register_worker(g, 0, 0);		-> slot
 *	umcg_sync_attach(g, slot, 0);
 *	umcg_mutex_lock(&m);
 *
 * Objects: all zeroes is a new one, unless it has an init function. They are of one
 * process, in memory of the caller's, and nothing is allocated. An object stays until
 * the last call for it has returned; of a mutex, a semaphore and a struct umcg_join it
 * is enough that nobody else comes: who got the mutex, the last unit or the value may
 * free it.
 *
 * Times are absolute, in nanoseconds of CLOCK_MONOTONIC; 0 is none. One that has passed
 * is no error where there is nothing to wait for. A worker that waits with a time is
 * registered with that clock, as umcg_register_worker() does.
 *
 * Fairness: first come, first served. What is given up goes to who waits for it longest,
 * also if others ask for it before that one runs; try functions do not overtake either.
 * A mutex that is in demand is so handed from thread to thread, and whoever unlocks it
 * and locks it again waits for its turn. A turn of a server stays with its workers for
 * as long as they find each other on the lists; who wants it to come back gives them
 * time slices.
 *
 * Threads: every function may be called from any thread at any time. Signals: none is
 * async-signal-safe; handlers run in the middle of a wait, which then goes on: no
 * function returns -EINTR. A handler does not leave a wait by longjmp(), and if it calls
 * umcg_run() in a worker, it puts back next_tid as it was. fork(): the child is not
 * attached, has the objects as they were, and none of those that hold them or wait.
 *
 * A WAIT of the application's own may return 0 for a wake-up that was the library's, and
 * a WAKE by the application may end a wait of the library, which then goes on: so look
 * at what was waited for before each WAIT, as umcg_wait() says.
 *
 * A server that waits runs nobody. It must not wait for what only its own workers can
 * give.
 *
 * Results: 0 or something positive for success, a negative errno for failure; errno is
 * left as it was.
 */
#ifndef UMCG_SYNC_H
#define UMCG_SYNC_H

#include <umcg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- who waits ----------------------------------------------------------- */

/* umcg_sync_attach(): waiting goes to the server, even if others are on the lists */
#define UMCG_SYNC_TO_SERVER	0x00000001U

/**
 * umcg_sync_attach() - let the calling worker wait by switching
 * @g: the group it is registered in
 * @slot: its own
 * @flags: UMCG_SYNC_*
 *
 * Without it, a worker that waits blocks in the kernel, and its server is told. Not for
 * servers.
 *
 * Return: 0, or -EINVAL: an unknown flag, or not the caller's slot.
 */
int umcg_sync_attach(struct umcg_group *g, __u32 slot, __u32 flags);

/**
 * umcg_sync_detach() - undo that; before umcg_unregister() and umcg_close()
 *
 * Who is not attached may call it as well. Not while others may wake the caller.
 */
void umcg_sync_detach(void);

/* Who waits, in the order in which they came. Nobody else's business. */
struct umcg_waiters {
	__u32 lock;
	__u32 section;
	void *first;
	void *last;
};

/* --- mutex --------------------------------------------------------------- */

struct umcg_mutex {
	__u32 word;
	__u32 pad;
	struct umcg_waiters waiters;
};

/**
 * umcg_mutex_lock() - take it
 * @m: the mutex; not one that the caller holds, as it would wait for itself
 */
void umcg_mutex_lock(struct umcg_mutex *m);

/**
 * umcg_mutex_trylock() - take it if nobody has it
 * @m: the mutex
 *
 * Return: 0 or -EBUSY.
 */
int umcg_mutex_trylock(struct umcg_mutex *m);

/**
 * umcg_mutex_timedlock() - take it, or give up at a time
 * @m: the mutex
 * @timeout: when
 *
 * Return: 0 or -ETIMEDOUT.
 */
int umcg_mutex_timedlock(struct umcg_mutex *m, __u64 timeout);

/**
 * umcg_mutex_unlock() - hand it to the first who waits, who is woken
 * @m: the mutex; by whatever thread
 *
 * Return: 0, or -EPERM: nobody held it.
 */
int umcg_mutex_unlock(struct umcg_mutex *m);

/* --- condition variable -------------------------------------------------- */

struct umcg_cond {
	struct umcg_waiters waiters;
};

/**
 * umcg_cond_wait() - unlock @m, wait to be signalled, lock @m
 * @c: the condition variable
 * @m: held by the caller
 *
 * From before @m is unlocked on, a signal ends it. Look at the condition again: another
 * may have been faster to lock @m.
 *
 * Return: 0, or -EPERM: nobody held @m.
 */
int umcg_cond_wait(struct umcg_cond *c, struct umcg_mutex *m);

/**
 * umcg_cond_timedwait() - the same, or give up at a time
 * @c: the condition variable
 * @m: held by the caller, also afterwards, and however long that takes
 * @timeout: when
 *
 * Return: 0, or -ETIMEDOUT: no signal was for the caller; or -EPERM.
 */
int umcg_cond_timedwait(struct umcg_cond *c, struct umcg_mutex *m, __u64 timeout);

/**
 * umcg_cond_signal() - end the wait of who waits longest, if there is one
 * @c: the condition variable
 *
 * With or without the mutex.
 */
void umcg_cond_signal(struct umcg_cond *c);

/**
 * umcg_cond_broadcast() - end the waits of all
 * @c: the condition variable
 */
void umcg_cond_broadcast(struct umcg_cond *c);

/* --- semaphore ----------------------------------------------------------- */

#define UMCG_SEM_MAX	0x7fffffffU

struct umcg_sem {
	__u32 word;
	__u32 pad;
	struct umcg_waiters waiters;
};

/**
 * umcg_sem_init() - so many units
 * @s: the semaphore, which nobody uses; all zeroes is one with none
 * @value: how many
 *
 * Return: 0, or -EINVAL: more than UMCG_SEM_MAX.
 */
int umcg_sem_init(struct umcg_sem *s, __u32 value);

/**
 * umcg_sem_wait() - take a unit
 * @s: the semaphore
 */
void umcg_sem_wait(struct umcg_sem *s);

/**
 * umcg_sem_trywait() - take a unit if there is one
 * @s: the semaphore
 *
 * Return: 0 or -EAGAIN.
 */
int umcg_sem_trywait(struct umcg_sem *s);

/**
 * umcg_sem_timedwait() - take a unit, or give up at a time
 * @s: the semaphore
 * @timeout: when
 *
 * Return: 0 or -ETIMEDOUT.
 */
int umcg_sem_timedwait(struct umcg_sem *s, __u64 timeout);

/**
 * umcg_sem_post() - a unit for the first who waits, who is woken, or for later
 * @s: the semaphore
 *
 * Return: 0, or -EOVERFLOW: there are UMCG_SEM_MAX already.
 */
int umcg_sem_post(struct umcg_sem *s);

/* --- bounded queue ------------------------------------------------------- */

/* umcg_queue_push(): more is coming, so a consumer is only woken */
#define UMCG_QUEUE_MORE		0x00000001U
/* umcg_queue_push(), umcg_queue_pop(): do not wait */
#define UMCG_QUEUE_TRY		0x00000002U

struct umcg_queue {
	void **items;
	__u32 size;
	__u32 count;
	__u32 next;
	__u32 closed;
	struct umcg_waiters producers;
	struct umcg_waiters consumers;
};

/**
 * umcg_queue_init() - an empty queue
 * @q: the queue, which nobody uses
 * @items: room for @size of them, which stays the caller's
 * @size: more than 0
 *
 * Return: 0, or -EINVAL: no room.
 */
int umcg_queue_init(struct umcg_queue *q, void **items, __u32 size);

/**
 * umcg_queue_push() - put an item in, behind all others
 * @q: the queue
 * @item: anything, NULL too
 * @flags: UMCG_QUEUE_*
 * @timeout: when to give up
 *
 * If a consumer waits, it gets the item. Is it a worker, parked, and the caller an
 * attached worker of the same group, then the caller gives it its turn as well and is
 * queued, as by umcg_run() of it with UMCG_WAIT_ENQUEUE; else, or with UMCG_QUEUE_MORE,
 * it is woken and the caller goes on. While the queue is full, the caller waits.
 *
 * Return: 0; -EPIPE: the queue is closed; -ETIMEDOUT; -EAGAIN: it is full, with
 * UMCG_QUEUE_TRY; -EINVAL: an unknown flag. But for 0, the item is still the caller's.
 */
int umcg_queue_push(struct umcg_queue *q, void *item, __u32 flags, __u64 timeout);

/**
 * umcg_queue_pop() - take the oldest item
 * @q: the queue
 * @item: gets it
 * @flags: UMCG_QUEUE_TRY or 0
 * @timeout: when to give up
 *
 * While the queue is empty, the caller waits. A producer that waits for room is woken.
 *
 * Return: 0; -EPIPE: it is empty, and closed; -ETIMEDOUT; -EAGAIN: it is empty, with
 * UMCG_QUEUE_TRY; -EINVAL: an unknown flag.
 */
int umcg_queue_pop(struct umcg_queue *q, void **item, __u32 flags, __u64 timeout);

/**
 * umcg_queue_close() - nothing is put in any more
 * @q: the queue
 *
 * What is in it can be taken. All who wait, to put something in or for something to
 * come, get -EPIPE.
 */
void umcg_queue_close(struct umcg_queue *q);

/* --- once ---------------------------------------------------------------- */

struct umcg_once {
	__u32 word;
	__u32 pad;
	struct umcg_waiters waiters;
};

/**
 * umcg_once() - call a function, if that was not done yet
 * @o: has it been called?
 * @call: the function; not one that calls this with the same @o
 * @arg: for @call
 *
 * Return when it has returned, whoever called it; what it did is seen.
 */
void umcg_once(struct umcg_once *o, void (*call)(void *arg), void *arg);

/* --- barrier ------------------------------------------------------------- */

struct umcg_barrier {
	__u32 needed;
	__u32 there;
	struct umcg_waiters waiters;
};

/**
 * umcg_barrier_init() - where so many meet
 * @b: the barrier, which nobody uses
 * @needed: how many; more than 0
 *
 * Return: 0 or -EINVAL.
 */
int umcg_barrier_init(struct umcg_barrier *b, __u32 needed);

/**
 * umcg_barrier_wait() - wait until as many have called this as are needed
 * @b: the barrier, which is then as new
 *
 * Return: 1 for the last who came, 0 for the others.
 */
int umcg_barrier_wait(struct umcg_barrier *b);

/* --- readers and writers ------------------------------------------------- */

struct umcg_rwlock {
	__u32 word;
	__u32 pad;
	struct umcg_waiters waiters;
};

/**
 * umcg_rwlock_rdlock() - share it with other readers
 * @l: the lock
 *
 * A reader that comes when somebody waits, waits behind: no recursive read locks.
 */
void umcg_rwlock_rdlock(struct umcg_rwlock *l);

/**
 * umcg_rwlock_wrlock() - have it alone
 * @l: the lock
 */
void umcg_rwlock_wrlock(struct umcg_rwlock *l);

/**
 * umcg_rwlock_tryrdlock() - share it, if that can be now
 * @l: the lock
 *
 * Return: 0 or -EBUSY.
 */
int umcg_rwlock_tryrdlock(struct umcg_rwlock *l);

/**
 * umcg_rwlock_trywrlock() - have it alone, if that can be now
 * @l: the lock
 *
 * Return: 0 or -EBUSY.
 */
int umcg_rwlock_trywrlock(struct umcg_rwlock *l);

/**
 * umcg_rwlock_timedrdlock() - share it, or give up at a time
 * @l: the lock
 * @timeout: when
 *
 * Return: 0 or -ETIMEDOUT.
 */
int umcg_rwlock_timedrdlock(struct umcg_rwlock *l, __u64 timeout);

/**
 * umcg_rwlock_timedwrlock() - have it alone, or give up at a time
 * @l: the lock
 * @timeout: when
 *
 * Return: 0 or -ETIMEDOUT.
 */
int umcg_rwlock_timedwrlock(struct umcg_rwlock *l, __u64 timeout);

/**
 * umcg_rwlock_unlock() - what the caller has of it goes on to who waits
 * @l: the lock
 *
 * To the first who waits, and with a reader to all readers up to the next writer.
 *
 * Return: 0, or -EPERM: nobody held it.
 */
int umcg_rwlock_unlock(struct umcg_rwlock *l);

/* --- join ---------------------------------------------------------------- */

struct umcg_join {
	__u32 word;
	__u32 pad;
	void *value;
	struct umcg_waiters waiters;
};

/**
 * umcg_join_done() - that is done
 * @j: all zeroes until then
 * @value: for those who wait, now and later
 *
 * For example as the last that a worker does before it unregisters. What was done
 * before is seen by all who hear of it.
 *
 * Return: 0, or -EALREADY: it was done before.
 */
int umcg_join_done(struct umcg_join *j, void *value);

/**
 * umcg_join_wait() - wait until that is done
 * @j: what is waited for
 * @value: gets what umcg_join_done() was given; may be NULL
 * @timeout: when to give up
 *
 * Return: 0 or -ETIMEDOUT.
 */
int umcg_join_wait(struct umcg_join *j, void **value, __u64 timeout);

#ifdef __cplusplus
}
#endif

#endif /* UMCG_SYNC_H */
