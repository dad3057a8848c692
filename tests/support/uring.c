// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "suite.h"
#include "uring.h"

static void *ring_map(struct uring *u, size_t size, off_t offset)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, u->fd, offset);

	expect(map != MAP_FAILED);
	return map;
}

void uring_open(struct uring *u, unsigned int entries)
{
	struct io_uring_params p;
	char *sq, *cq;

	memset(&p, 0, sizeof(p));
	u->fd = syscall(SYS_io_uring_setup, entries, &p);
	if (u->fd < 0) {
		u->fd = -errno;
		return;
	}
	sq = ring_map(u, p.sq_off.array + p.sq_entries * sizeof(__u32),
		      IORING_OFF_SQ_RING);
	cq = ring_map(u, p.cq_off.cqes + p.cq_entries * sizeof(*u->cqes),
		      IORING_OFF_CQ_RING);
	u->sqes = ring_map(u, p.sq_entries * sizeof(*u->sqes), IORING_OFF_SQES);
	u->sq_head = (void *)(sq + p.sq_off.head);
	u->sq_tail = (void *)(sq + p.sq_off.tail);
	u->sq_array = (void *)(sq + p.sq_off.array);
	u->sq_mask = *(unsigned int *)(sq + p.sq_off.ring_mask);
	u->cq_head = (void *)(cq + p.cq_off.head);
	u->cq_tail = (void *)(cq + p.cq_off.tail);
	u->cq_mask = *(unsigned int *)(cq + p.cq_off.ring_mask);
	u->cqes = (void *)(cq + p.cq_off.cqes);
}

static struct io_uring_sqe *next_sqe(struct uring *u, int opcode, int fd,
				     __u64 user_data)
{
	unsigned int index = *u->sq_tail & u->sq_mask;
	struct io_uring_sqe *sqe = &u->sqes[index];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->fd = fd;
	sqe->user_data = user_data;
	u->sq_array[index] = index;
	return sqe;
}

static void put_sqe(struct uring *u)
{
	__atomic_store_n(u->sq_tail, *u->sq_tail + 1, __ATOMIC_RELEASE);
}

void uring_read(struct uring *u, int fd, void *byte, __u64 user_data)
{
	struct io_uring_sqe *sqe = next_sqe(u, IORING_OP_READ, fd, user_data);

	sqe->addr = (unsigned long)byte;
	sqe->len = 1;
	sqe->off = (__u64)-1;
	put_sqe(u);
}

void uring_poll(struct uring *u, int fd, unsigned int events, __u64 user_data)
{
	struct io_uring_sqe *sqe;

	sqe = next_sqe(u, IORING_OP_POLL_ADD, fd, user_data);
	sqe->poll32_events = events;
	put_sqe(u);
}

int uring_enter(struct uring *u, unsigned int submit, unsigned int complete)
{
	int result = syscall(SYS_io_uring_enter, u->fd, submit, complete,
			     IORING_ENTER_GETEVENTS, NULL, 0);

	return result < 0 ? -errno : result;
}

int uring_result(struct uring *u, __u64 *user_data)
{
	unsigned int head = *u->cq_head;
	struct io_uring_cqe *cqe = &u->cqes[head & u->cq_mask];
	int result = cqe->res;

	expect(head != __atomic_load_n(u->cq_tail, __ATOMIC_ACQUIRE));
	*user_data = cqe->user_data;
	__atomic_store_n(u->cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}
