/* SPDX-License-Identifier: MIT */
/*
 * sched.h - between sched.c and server.c
 */
#ifndef SCHED_H
#define SCHED_H

#include <pthread.h>
#include <umcg.h>

#include "httpd.h"

struct server {
	_Alignas(64) struct server_stats stats;
	struct umcg_task *self;
	uint32_t slot;
	uint32_t tid;
	int index;
	int idle;	/* about to sleep, or asleep, with nothing to run */
	pthread_t thread;
};

extern struct sched {
	struct umcg_group *group;
	int count;		/* of servers; 0 without UMCG */
	int ending;
	pthread_barrier_t registered;
	struct server server[SERVERS_MAX];
} sched;

void *server_main(void *arg);

#endif /* SCHED_H */
