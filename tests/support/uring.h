/* SPDX-License-Identifier: GPL-2.0-only */
/* uring.h - as much of io_uring as it takes to read and to wait */
#ifndef URING_H
#define URING_H

#include <linux/io_uring.h>

struct uring {
	int fd; /* or -errno: there is no io_uring here */
	unsigned int *sq_head, *sq_tail, *sq_array;
	unsigned int *cq_head, *cq_tail;
	unsigned int sq_mask, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

void uring_open(struct uring *u, unsigned int entries);

/* Put a poll for these events into the queue; submit with uring_enter(). */
void uring_poll(struct uring *u, int fd, unsigned int events, __u64 user_data);

/* The same for one read of one byte. */
void uring_read(struct uring *u, int fd, void *byte, __u64 user_data);

/* io_uring_enter(): how many were submitted, or -errno. */
int uring_enter(struct uring *u, unsigned int submit, unsigned int complete);

/* The next completion: its result; fails the test if there is none. */
int uring_result(struct uring *u, __u64 *user_data);

#endif /* URING_H */
