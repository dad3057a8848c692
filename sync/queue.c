// SPDX-License-Identifier: MIT
/*
 * The bounded queue. The lock of those who consume is the queue's; those who produce
 * are linked under it as well. Items wait, or consumers, or neither; producers only
 * while it is full.
 */
#include <errno.h>

#include "internal.h"

#define FLAGS	(UMCG_QUEUE_MORE | UMCG_QUEUE_TRY)

static void lock(struct umcg_queue *q)
{
	sync_waiters_lock(&q->consumers);
}

static void unlock(struct umcg_queue *q)
{
	sync_waiters_unlock(&q->consumers);
}

UMCG_PUBLIC int umcg_queue_init(struct umcg_queue *q, void **items, __u32 size)
{
	if (!items || !size)
		return -EINVAL;
	*q = (struct umcg_queue){ .items = items, .size = size };
	return 0;
}

static void put(struct umcg_queue *q, void *item)
{
	q->items[(__u32)(((__u64)q->next + q->count) % q->size)] = item;
	q->count++;
}

static void *take(struct umcg_queue *q)
{
	void *item = q->items[q->next];

	q->next = (q->next + 1) % q->size;
	q->count--;
	return item;
}

/* The time has passed: gone, or it has come to its end meanwhile. */
static int give_up(struct umcg_queue *q, struct umcg_waiters *of, struct waiter *w)
{
	bool gone;

	lock(q);
	gone = sync_waiter_unlink(of, w);
	unlock(q);
	return gone ? -ETIMEDOUT : sync_waiter_sleep(w, 0);
}

/* Comes with the lock, leaves without. */
static int wait(struct umcg_queue *q, struct umcg_waiters *of, struct waiter *w,
		__u64 timeout)
{
	int error;

	sync_waiter_link(of, w);
	unlock(q);
	error = sync_waiter_sleep(w, timeout);
	if (error)
		error = give_up(q, of, w);
	return error ? error : w->result;
}

/* Under the lock: done, or why not; -EAGAIN: it is full. */
static int push_now(struct umcg_queue *q, void *item, struct waiter **consumer)
{
	if (q->closed)
		return -EPIPE;
	*consumer = sync_waiters_pop(&q->consumers);
	if (*consumer)
		(*consumer)->item = item;
	else if (q->count < q->size)
		put(q, item);
	else
		return -EAGAIN;
	return 0;
}

UMCG_PUBLIC int umcg_queue_push(struct umcg_queue *q, void *item, __u32 flags,
				__u64 timeout)
{
	struct waiter w = { .item = item }, *consumer = NULL;
	int error;

	if (flags & ~FLAGS)
		return -EINVAL;
	lock(q);
	error = push_now(q, item, &consumer);
	if (error == -EAGAIN && !(flags & UMCG_QUEUE_TRY))
		return wait(q, &q->producers, &w, timeout);
	unlock(q);
	if (!consumer)
		return error;
	if (flags & UMCG_QUEUE_MORE)
		sync_waiter_hand(consumer);
	else
		sync_waiter_hand_turn(consumer);
	return 0;
}

/* Under the lock: done, or why not; -EAGAIN: it is empty. */
static int pop_now(struct umcg_queue *q, void **item, struct waiter **producer)
{
	if (!q->count)
		return q->closed ? -EPIPE : -EAGAIN;
	*item = take(q);
	*producer = sync_waiters_pop(&q->producers);
	if (*producer)
		put(q, (*producer)->item);
	return 0;
}

UMCG_PUBLIC int umcg_queue_pop(struct umcg_queue *q, void **item, __u32 flags,
			       __u64 timeout)
{
	struct waiter w = { .item = NULL }, *producer = NULL;
	int error;

	if (flags & ~UMCG_QUEUE_TRY)
		return -EINVAL;
	lock(q);
	error = pop_now(q, item, &producer);
	if (error == -EAGAIN && !(flags & UMCG_QUEUE_TRY)) {
		error = wait(q, &q->consumers, &w, timeout);
		if (!error)
			*item = w.item;
		return error;
	}
	unlock(q);
	if (producer)
		sync_waiter_hand(producer);
	return error;
}

static void refuse(struct waiter *chain)
{
	for (; chain; chain = chain->next)
		chain->result = -EPIPE;
}

UMCG_PUBLIC void umcg_queue_close(struct umcg_queue *q)
{
	struct waiter *producers, *consumers;

	lock(q);
	q->closed = 1;
	producers = sync_waiters_detach(&q->producers);
	consumers = sync_waiters_detach(&q->consumers);
	refuse(producers);
	refuse(consumers);
	unlock(q);
	sync_waiters_hand_all(producers);
	sync_waiters_hand_all(consumers);
}
