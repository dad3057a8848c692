// SPDX-License-Identifier: MIT
/*
 * latency.c - from a wake-up to running, where many want the same processor
 *
 * As schbench does it: one thread wakes all others, each by a futex's word of its own,
 * and each notes how long ago that was, and has work to do. Next time is when all of
 * that may well be done. With umcg the server runs whoever was woken first until he has
 * done his work; without, the kernel's scheduler has the same threads.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

#define WORK_NS		50000
#define PAUSE_NS	(3 * WORK_NS) /* for each piece of work */

enum { FREE_NOW, TOLD, WORKING };

/**
 * struct hand - who does some of the work
 * @told:	what the futex is: one of the above
 * @work:	which piece it has
 */
struct hand {
	struct worker worker;
	__u32 told;
	unsigned int work;
};

static struct hand *hands;
static __u64 *begun, *took;
static unsigned int pieces, done;
static unsigned long loops;

static void spin(unsigned long n)
{
	while (n--)
		__asm__ volatile("");
}

/* How often to spin for WORK_NS. */
static void calibrate(void)
{
	const unsigned long n = 100000;
	__u64 begin = now();

	spin(n);
	loops = n * WORK_NS / (now() - begin + 1);
}

static void do_work(struct hand *h)
{
	__atomic_store_n(&h->told, FREE_NOW, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&h->told, __ATOMIC_SEQ_CST) != TOLD)
		futex_wait(&h->told, FREE_NOW);
	took[h->work] = now() - begun[h->work];
	__atomic_store_n(&h->told, WORKING, __ATOMIC_SEQ_CST);
	spin(loops);
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
}

static void work_as_worker(struct worker *w)
{
	for (;;)
		do_work(w->arg);
}

static void *work_as_thread(void *arg)
{
	for (;;)
		do_work(arg);
	return NULL;
}

/* ---- who hands it out --------------------------------------------------- */

static void sleep_until(__u64 t)
{
	struct timespec when = { .tv_sec = t / 1000000000,
				 .tv_nsec = t % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

/* Who is still at work is passed over. */
static unsigned int wake_all(unsigned int n)
{
	struct hand *h;

	for (h = hands; h < hands + setting.tasks && n < pieces; h++) {
		if (__atomic_load_n(&h->told, __ATOMIC_SEQ_CST) != FREE_NOW)
			continue;
		h->work = n;
		begun[n++] = now();
		__atomic_store_n(&h->told, TOLD, __ATOMIC_SEQ_CST);
		futex_wake(&h->told, 1);
	}
	return n;
}

static void hand_out(void)
{
	__u64 t = now();
	unsigned int n = 0;

	while (n < pieces) {
		t += (__u64)setting.tasks * PAUSE_NS;
		sleep_until(t);
		n = wake_all(n);
	}
}

static void *measure(void *unused)
{
	unsigned int i;

	set_policy(0, FIFO, 20);
	sleep_until(now() + 100 * PAUSE_NS);
	meter_begin(pieces);
	hand_out();
	while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < pieces)
		sleep_until(now() + PAUSE_NS);
	for (i = 0; i < pieces; i++)
		meter_took(took[i]);
	meter_end();
	_exit(EXIT_SUCCESS);
	return unused;
}

static void prepare(unsigned int ops)
{
	unsigned int i;

	pieces = ops;
	begun = calloc(ops, sizeof(*begun));
	took = calloc(ops, sizeof(*took));
	hands = calloc(setting.tasks, sizeof(*hands));
	for (i = 0; i < setting.tasks; i++)
		hands[i].told = WORKING;
	calibrate();
}

static void with_umcg(unsigned int ops)
{
	static struct server server;
	unsigned int i;

	prepare(ops);
	server_start(&server);
	for (i = 0; i < setting.tasks; i++) {
		hands[i].worker.run = work_as_worker;
		hands[i].worker.arg = &hands[i];
		hire(&server, &hands[i].worker);
	}
	for (i = 0; i < setting.tasks; i++)
		server_run(&server, &hands[i].worker);
	spawn(measure, NULL);
	for (;;)
		server_run(&server, server_next(&server, NULL));
}

static void without(unsigned int ops)
{
	unsigned int i;

	prepare(ops);
	for (i = 0; i < setting.tasks; i++)
		spawn(work_as_thread, &hands[i]);
	pthread_join(spawn(measure, NULL), NULL);
}

const struct bench latency_cases[] = {
	{ .name = "latency",
	  .what = "from the wake-up of so many workers, one after the other, until each runs",
	  .policies = OTHER,
	  .crowd = true,
	  .needs_umcg = true,
	  .run = with_umcg },
	{ .name = "latency-sched",
	  .what = "the same with threads, scheduled by the kernel",
	  .policies = OTHER,
	  .crowd = true,
	  .run = without },
	{}
};
