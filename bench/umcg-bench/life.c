// SPDX-License-Identifier: MIT
/* life.c - coming and going */
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>

#include "server.h"

static struct server server;

/* A thread that becomes a worker so many times. */
struct guest {
	pthread_t thread;
	unsigned int times;
	pid_t tid;
};

/* ---- a worker ----------------------------------------------------------- */

static void *come_and_go(void *arg)
{
	struct guest *guest = arg;

	guest->tid = gettid();
	for (; guest->times; guest->times--) {
		if (umcg_register_worker(server.group, server.tid, 0) < 0)
			die("registering a worker");
		if (umcg_unregister(server.group))
			die("unregistering a worker");
	}
	return NULL;
}

static void receive(struct guest *guest)
{
	while (umcg_list_empty(&server.list)) {
		umcg_list_take(server.group, server.slot, &server.list);
		if (umcg_list_empty(&server.list))
			umcg_run(server.group, server.self, 0, 0, 0);
	}
	umcg_list_pop(server.group, &server.list, NULL);
	if (umcg_run(server.group, server.self, guest->tid, 0, 0) ||
	    UMCG_CUR_WHY(umcg_cur(server.self)) != UMCG_CUR_EXIT)
		die("a worker has not gone");
}

static void register_worker(unsigned int ops)
{
	struct guest guest = { .times = WARM_UP + ops };

	server_start(&server);
	guest.thread = spawn(come_and_go, &guest);
	METER(ops, receive(&guest));
	pthread_join(guest.thread, NULL);
}

/* ---- a server beside another -------------------------------------------- */

static void server_once(struct umcg_group *group)
{
	if (umcg_register_server(group, 0) < 0 || umcg_unregister(group))
		die("registering a server");
}

static bool there, stop;

/* The group has another server meanwhile, or it would end. */
static void *stay(void *unused)
{
	struct server *s = &server;

	server_start(s);
	__atomic_store_n(&there, true, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
		umcg_run(s->group, s->self, 0, 0, 0);
	return unused;
}

static void register_server(unsigned int ops)
{
	static const struct timespec some = { .tv_nsec = 1000 * 1000 };
	pthread_t other = spawn(stay, NULL);

	while (!__atomic_load_n(&there, __ATOMIC_SEQ_CST))
		nanosleep(&some, NULL);
	METER(ops, server_once(server.group));
	stop = true;
	umcg_kick(server.group, server.tid, 0);
	pthread_join(other, NULL);
}

/* ---- a plain thread ----------------------------------------------------- */

static void *nothing(void *unused)
{
	return unused;
}

static void threads(unsigned int ops)
{
	METER(ops, pthread_join(spawn(nothing, NULL), NULL));
}

const struct bench life_cases[] = {
	{ .name = "register",
	  .what = "a thread becomes a worker, is run, and is a plain thread again",
	  .policies = FIFO,
	  .needs_umcg = true,
	  .ops = 300,
	  .run = register_worker },
	{ .name = "register-server",
	  .what = "a thread becomes a server, and a plain thread again",
	  .policies = FIFO,
	  .needs_umcg = true,
	  .ops = 300,
	  .run = register_server },
	{ .name = "pthread",
	  .what = "pthread_create() and pthread_join()",
	  .policies = FIFO,
	  .ops = 300,
	  .run = threads },
	{}
};
