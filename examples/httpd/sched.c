// SPDX-License-Identifier: MIT
/*
 * sched.c - starting and ending the servers; becoming one of their workers
 */
#include <stdio.h>
#include <string.h>

#include "sched.h"

struct sched sched;

int sched_start(int servers_wanted)
{
	char why[UMCG_WHY_MAX];
	int err;

	if (umcg_available(why, sizeof(why))) {
		fprintf(stderr, "httpd: %s\n(--plain does without)\n", why);
		return -1;
	}
	err = umcg_open(&sched.group);
	if (err) {
		fprintf(stderr, "httpd: umcg_open: %s\n", strerror(-err));
		return -1;
	}
	sched.count = servers_wanted;
	pthread_barrier_init(&sched.registered, NULL, sched.count + 1);
	for (int i = 0; i < sched.count; i++) {
		sched.server[i].index = i;
		err = pthread_create(&sched.server[i].thread, NULL, server_main, &sched.server[i]);
		if (err) {
			fprintf(stderr, "httpd: a server's thread: %s\n", strerror(err));
			return -1;
		}
	}
	pthread_barrier_wait(&sched.registered);
	return 0;
}

/* When no worker is left. The statistics stay. */
void sched_stop(void)
{
	__atomic_store_n(&sched.ending, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < sched.count; i++)
		umcg_kick(sched.group, sched.server[i].tid, 0);
	for (int i = 0; i < sched.count; i++)
		pthread_join(sched.server[i].thread, NULL);
	umcg_close(sched.group);
}

/* A new thread becomes a worker, and goes on when a server runs it first. */
bool sched_enter(uint32_t number, uint32_t *slot)
{
	int ret;

	*slot = 0;
	if (!sched.count)
		return true;
	ret = umcg_register_worker(sched.group, 0, number);
	if (ret > 0)
		*slot = ret;
	return ret > 0;
}

void sched_leave(void)
{
	if (sched.count)
		umcg_unregister(sched.group);
}

int sched_stats(const struct server_stats **stats)
{
	for (int i = 0; i < sched.count; i++)
		stats[i] = &sched.server[i].stats;
	return sched.count;
}
