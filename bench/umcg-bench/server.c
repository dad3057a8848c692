// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

void server_start(struct server *s)
{
	struct umcg_group *group;
	char why[UMCG_WHY_MAX];

	if (umcg_available(why, sizeof(why)) < 0)
		die("%s", why);
	if (umcg_open(&group) < 0)
		die("umcg_open");
	server_join(s, group);
}

void server_join(struct server *s, struct umcg_group *group)
{
	int slot;

	memset(s, 0, sizeof(*s));
	s->group = group;
	slot = umcg_register_server(group, 0);
	if (slot < 0)
		die("registering a server: %s", strerror(-slot));
	s->slot = slot;
	s->self = umcg_slot(s->group, slot);
	s->tid = gettid();
}

/* Whoever moves threads about is not to do so by what the process has asked for. */
static void same_mask(const cpu_set_t *before)
{
	cpu_set_t after;

	must(sched_getaffinity(0, sizeof(after), &after));
	if (!CPU_EQUAL(before, &after))
		die("a worker's affinity has changed");
}

void worker_main(struct worker *w)
{
	cpu_set_t mask;
	struct umcg_register args = {
		.flags = UMCG_REG_WORKER,
		.clock = CLOCK_MONOTONIC,
		.server_tid = w->home,
		.user = (uintptr_t)w,
		.slice_ns = w->slice_ns,
	};
	int error;

	if (w->answers)
		go_across();
	must(sched_getaffinity(0, sizeof(mask), &mask));
	w->tid = gettid();
	error = umcg_register(w->group, &args);
	if (error)
		die("registering a worker: %s", strerror(-error));
	w->run(w);
	same_mask(&mask);
	w->gone = true;
	umcg_unregister(w->group);
}

void worker_prepare(struct server *s, struct worker *w,
		    void (*run)(struct worker *w), void *arg)
{
	w->run = run;
	w->arg = arg;
	w->group = s->group;
	w->home = s->tid;
}

static void *worker_thread(void *arg)
{
	worker_main(arg);
	return NULL;
}

void hire(struct server *s, struct worker *w)
{
	worker_prepare(s, w, w->run, w->arg);
	w->thread = spawn(worker_thread, w);
	if (server_next(s, NULL) != w)
		die("another worker is queued");
}

struct worker *server_next(struct server *s, __u32 *events)
{
	struct umcg_task *t;
	struct worker *w;
	__u32 slot;

	while (umcg_list_empty(&s->list)) {
		umcg_list_take(s->group, s->slot, &s->list);
		if (umcg_list_empty(&s->list))
			umcg_run(s->group, s->self, 0, 0, 0);
	}
	slot = s->list.first;
	t = umcg_slot(s->group, slot);
	w = (struct worker *)(uintptr_t)t->user;
	if (w) {
		w->self = t;
		w->slot = slot;
	}
	umcg_list_pop(s->group, &s->list, events);
	return w;
}

__u32 server_run(struct server *s, struct worker *w)
{
	int error = umcg_run(s->group, s->self, w->tid, 0, 0);
	__u32 cur;

	if (error && error != -EINTR)
		die("running a worker: %s", strerror(-error));
	while (UMCG_CUR_WHY(cur = umcg_cur(s->self)) == UMCG_CUR_RUNNING)
		umcg_wait(s->group, 0, 0);
	return UMCG_CUR_WHY(cur);
}

/* Whom to run next: the queued before the parked. NULL: all have gone. */
static struct worker *pick(struct server *s, struct worker *workers,
			   unsigned int n)
{
	struct worker *parked = NULL;
	unsigned int i, gone = 0;

	for (i = 0; i < n; i++) {
		gone += workers[i].gone;
		if (!workers[i].gone &&
		    (umcg_state(workers[i].self) & UMCG_TF_PARKED))
			parked = &workers[i];
	}
	if (gone == n)
		return NULL;
	umcg_list_take(s->group, s->slot, &s->list);
	return umcg_list_empty(&s->list) && parked ? parked :
						     server_next(s, NULL);
}

void serve(struct server *s, struct worker *workers, unsigned int n)
{
	struct worker *w = workers;
	unsigned int i;

	while (w) {
		server_run(s, w);
		w = pick(s, workers, n);
	}
	for (i = 0; i < n; i++)
		pthread_join(workers[i].thread, NULL);
}

void hand_to(struct worker *self, struct worker *next)
{
	/* one that is asleep elsewhere comes back by the list: the server knows */
	while (umcg_run(self->group, self->self, next->tid, 0, 0))
		umcg_run(self->group, self->self, 0, UMCG_WAIT_ENQUEUE, 0);
}

void park(struct worker *self)
{
	umcg_run(self->group, self->self, 0, 0, 0);
}

int hold_main(void)
{
	static struct server server;

	server_start(&server);
	puts("held");
	fflush(NULL);
	for (;;)
		umcg_run(server.group, server.self, 0, 0, 0);
}
