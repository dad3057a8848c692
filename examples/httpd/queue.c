// SPDX-License-Identifier: MIT
/*
 * queue.c - the run queue of all servers: slots of workers, oldest first
 *
 * Its lock is the servers' own and held for a few instructions. The holder may
 * have lost the CPU to another process; then we give it ours rather than spin.
 */
#include <sched.h>

#include "httpd.h"

#define QUEUE_SIZE	65536	/* as many as a group has slots: cannot overflow */

static struct {
	int lock;
	uint32_t in, out;
	uint32_t slot[QUEUE_SIZE];
} queue;

static void lock(void)
{
	while (__atomic_exchange_n(&queue.lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock(void)
{
	__atomic_store_n(&queue.lock, 0, __ATOMIC_RELEASE);
}

void queue_push(uint32_t slot)
{
	lock();
	queue.slot[queue.in++ % QUEUE_SIZE] = slot;
	unlock();
}

/* 0: there is none */
uint32_t queue_pop(void)
{
	uint32_t slot = 0;

	lock();
	if (queue.in != queue.out)
		slot = queue.slot[queue.out++ % QUEUE_SIZE];
	unlock();
	return slot;
}

uint32_t queue_length(void)
{
	uint32_t length;

	lock();
	length = queue.in - queue.out;
	unlock();
	return length;
}
