/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fifo.h - a small scheduler: servers that run whoever was queued first
 *
 * Each server is a thread that takes its own list and the group's, and runs the
 * oldest until it stops. All that the interface allows to happen is handled, and
 * counted: the counts are made in user space, from what servers were told.
 */
#ifndef FIFO_H
#define FIFO_H

#include <pthread.h>
#include <stdbool.h>
#include <umcg.h>

#include "crew.h"

enum fifo_count {
	FIFO_RUNS, /* switches to a worker */
	FIFO_BLOCKS,
	FIFO_WAITS,
	FIFO_EXITS, /* while running */
	FIFO_DEATHS, /* while not: seen on a list */
	FIFO_PREEMPTS,
	FIFO_IDLES,
	FIFO_SPURIOUS, /* WAIT returned, the worker runs on */
	FIFO_REFUSED, /* EAGAIN: it comes back by a list */
	FIFO_ADOPTED, /* dead servers seen */
	FIFO_GONE, /* ESRCH: another worker had handed its turn to it */
	FIFO_COUNTS
};

#define FIFO_SERVERS_MAX	8

struct fifo {
	struct umcg_group *group;
	int servers;
	unsigned int *blocks; /* of each slot, as the servers were told */
	unsigned int *turns; /* given to each slot; counted before the switch */
	unsigned long counts[FIFO_COUNTS];
	bool started, stop;
	bool hands_over; /* its workers do, so one may be gone when it is to run */
	int running; /* servers in their loop */
	int in_user, in_user_max; /* workers */
	int all_user, all_user_max; /* workers and servers */
	struct fifo_server {
		struct fifo *fifo;
		struct server server;
		pthread_t thread;
		bool retire;
	} server[FIFO_SERVERS_MAX];
};

/* Start the servers. Nobody is run before all are registered. */
void fifo_start(struct fifo *s, struct umcg_group *g, int servers);

/*
 * The same in two steps, between which the workers are started. A stack is mapped for
 * each of those: if they ran by then, a page that one of them touches for the first
 * time, in the middle of its user code, would be waited for in a block.
 */
void fifo_prepare(struct fifo *s, struct umcg_group *g, int servers);
void fifo_go(struct fifo *s);

/* Ask all servers to leave, and see them gone. No worker may be left. */
void fifo_stop(struct fifo *s);

/* Ask one server to leave: it exits without unregistering. */
void fifo_retire(struct fifo *s, int server);

/* A worker with that server for its home; -1: the group's list. */
__u32 fifo_home(const struct fifo *s, int server);

/* How many turns that slot was given. */
unsigned int fifo_turns(const struct fifo *s, __u32 slot);

unsigned long fifo_count(const struct fifo *s, enum fifo_count count);

/* How many of its workers have ended, in whatever way. */
unsigned long fifo_ended(const struct fifo *s);

/* All counts, as one line. */
void fifo_note(const struct fifo *s, const char *title);

/* Who is where, for a person who wonders who was lost. */
void fifo_dump(const struct fifo *s);

/*
 * Around every stretch of a worker's user code. The count never exceeds the
 * truth: it goes up after the kernel was left and down before it is entered.
 */
void user_enter(struct fifo *s);
void user_leave(struct fifo *s);

#endif /* FIFO_H */
