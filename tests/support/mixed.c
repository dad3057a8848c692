// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "mixed.h"
#include "suite.h"

#define SLICE_NS	(500 * USEC)

static int gone;

static void act(struct actor *a)
{
	a->run(a);
	umcg_sync_detach();
	__atomic_add_fetch(&gone, 1, __ATOMIC_SEQ_CST);
}

static long act_as_worker(struct worker *w)
{
	struct actor *a = w->arg;

	if (a->kind != ACTOR_BLOCKER)
		expect_eq(umcg_sync_attach(w->group, w->args.slot,
					   a->kind == ACTOR_TO_SERVER ?
						   UMCG_SYNC_TO_SERVER : 0), 0);
	act(a);
	return 0;
}

static void *act_as_thread(void *arg)
{
	struct actor *a = arg;
	struct server self;
	int error;

	__atomic_store_n(&a->worker.tid, gettid(), __ATOMIC_SEQ_CST);
	if (a->kind == ACTOR_SERVER)
		server_start(&self, a->mixed->group);
	act(a);
	if (a->kind != ACTOR_SERVER)
		return NULL;
	error = umcg_unregister(a->mixed->group);
	expect(!error || (a->mixed->ends && error == -ESHUTDOWN));
	return NULL;
}

static void start(struct mixed *m, enum actor_kind kind, void (*run)(struct actor *a))
{
	struct actor *a = &m->actor[m->actors];

	expect(m->actors < MIXED_MAX);
	a->run = run;
	a->kind = kind;
	a->index = m->actors++;
	a->seed = a->index;
	a->mixed = m;
	if (kind < ACTOR_PLAIN) {
		a->worker.run = act_as_worker;
		a->worker.arg = a;
		/* some are preempted now and then, wherever they are */
		a->worker.args.slice_ns = a->index % 3 ? 0 : SLICE_NS;
		worker_start(&a->worker, m->group,
			     fifo_home(&m->fifo, a->index % (m->fifo.servers + 1) - 1));
		return;
	}
	expect(!pthread_create(&a->worker.thread, NULL, act_as_thread, a));
	wait_for(__atomic_load_n(&a->worker.tid, __ATOMIC_SEQ_CST));
}

static void empty_handler(int sig)
{
	(void)sig;
}

void mixed_start(struct mixed *m, struct umcg_group *g, int servers,
		 const int *how_many, void (*run)(struct actor *a))
{
	struct sigaction action = { .sa_handler = empty_handler };
	int kind, i;

	memset(m, 0, sizeof(*m));
	expect_sys(sigaction(SIGUSR1, &action, NULL));
	m->group = g;
	fifo_prepare(&m->fifo, g, servers);
	m->fifo.hands_over = true;
	for (kind = 0; kind < ACTOR_KINDS; kind++)
		for (i = 0; i < how_many[kind]; i++)
			start(m, kind, run);
	fifo_go(&m->fifo);
}

static int all_gone(const struct mixed *m)
{
	return __atomic_load_n(&gone, __ATOMIC_SEQ_CST) == m->actors;
}

void mixed_signals(struct mixed *m)
{
	int i = 0;

	while (!all_gone(m)) {
		syscall(SYS_tgkill, getpid(), m->actor[i++ % m->actors].worker.tid,
			SIGUSR1);
		sleep_ns(200 * USEC);
	}
}

static unsigned long steps(const struct mixed *m)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < m->actors; i++)
		sum += __atomic_load_n(&m->actor[i].steps, __ATOMIC_RELAXED);
	return sum;
}

void mixed_join(struct mixed *m)
{
	unsigned long last = 0, sum;
	int i, still = 0;

	while (!all_gone(m)) {
		sum = steps(m);
		still = sum == last ? still + 1 : 0;
		last = sum;
		if (still == 1000) {
			fifo_dump(&m->fifo);
			ck_abort_msg("%d of %d have ended, after %lu steps", gone,
				     m->actors, sum);
		}
		sleep_ns(10 * MSEC);
	}
	for (i = 0; i < m->actors; i++)
		pthread_join(m->actor[i].worker.thread, NULL);
}

void mixed_dawdle(struct actor *a)
{
	unsigned int i;

	switch (rand_r(&a->seed) % 16) {
	case 0:
		sleep_ns(rand_r(&a->seed) % 50 * USEC);
		break;
	case 1:
	case 2:
		if (a->kind < ACTOR_PLAIN)
			umcg_run(a->worker.group, worker_slot(&a->worker), 0,
				 UMCG_WAIT_ENQUEUE, 0);
		else
			sched_yield();
		break;
	case 3:
		for (i = rand_r(&a->seed) % 2000; i; i--)
			cpu_relax();
	}
}

__u64 mixed_timeout(struct actor *a)
{
	return rand_r(&a->seed) % 2 ? now() + rand_r(&a->seed) % 300 * USEC : 0;
}

void worker_attach(struct worker *w)
{
	expect_eq(umcg_sync_attach(w->group, w->args.slot, 0), 0);
}
