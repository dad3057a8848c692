/* SPDX-License-Identifier: MIT */
/* server.h - one server, the calling thread, and workers that do as they are told */
#ifndef SERVER_H
#define SERVER_H

#include "bench.h"

struct server {
	struct umcg_group *group;
	struct umcg_task *self;
	__u32 slot;
	pid_t tid;
	struct umcg_list list;
};

/**
 * struct worker - a thread that is a worker
 * @run:	what it does
 * @arg:	for @run
 * @slice_ns:	its time slice, or 0
 * @answers:	it goes to processor 1, if that is the place
 */
struct worker {
	void (*run)(struct worker *w);
	void *arg;
	__u64 slice_ns;
	bool answers;
	struct umcg_group *group;
	struct umcg_task *self;
	__u32 slot;
	__u32 home;
	pid_t tid;
	pthread_t thread;
	bool gone;
};

void server_start(struct server *s);

/* One more of that group. */
void server_join(struct server *s, struct umcg_group *group);

/* Somebody to do that, on that server, whose thread calls worker_main(). */
void worker_prepare(struct server *s, struct worker *w,
		    void (*run)(struct worker *w), void *arg);
void worker_main(struct worker *w);

/* A worker, that waits to be switched to and is on no list. */
void hire(struct server *s, struct worker *w);

/* The next worker that is queued; idles until there is one. */
struct worker *server_next(struct server *s, __u32 *events);

/* Run it until it stops: UMCG_CUR_*. */
__u32 server_run(struct server *s, struct worker *w);

/*
 * Run the first of @n workers, then whoever is queued, or has parked, until all of
 * them have gone, and their threads too.
 */
void serve(struct server *s, struct worker *workers, unsigned int n);

/* In a worker: give the turn to that one, and come back when it is given back. */
void hand_to(struct worker *self, struct worker *next);

/* In a worker: stop, without being queued. */
void park(struct worker *self);

#endif /* SERVER_H */
