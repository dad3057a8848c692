// SPDX-License-Identifier: MIT
/*
 * kick.c - from a thread that is to be stopped to the one that is told
 *
 * One spins; a thread of a higher priority sleeps, kicks it and sleeps again. The
 * time runs from the kick to the server's first look at the clock, so on one processor
 * it holds the kicker's way back to sleep too, as it does for the signal beside it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

#define PAUSE_NS	300000
#define SLICE_NS	200000

static struct server server;
static struct worker worker;
static bool stop, ready;
static __u64 begun;
static pid_t target;

static bool is_ready(void)
{
	return __atomic_load_n(&ready, __ATOMIC_SEQ_CST);
}

static void set_ready(bool is)
{
	__atomic_store_n(&ready, is, __ATOMIC_SEQ_CST);
}

/* PAUSE is what makes QEMU turn to another processor, and is slow for that. */
static void spin_until_stop(void)
{
	unsigned int i;

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		for (i = 0; i < 1000; i++)
			__asm__ volatile("");
		cpu_relax();
	}
}

static void spin(struct worker *self)
{
	(void)self;
	spin_until_stop();
}

static void sleep_some(void)
{
	static const struct timespec some = { .tv_nsec = PAUSE_NS };

	nanosleep(&some, NULL);
}

/* A kick that finds nobody running, or a round that is not over, is no kick. */
static void *kick_often(void *unused)
{
	go_across();
	set_policy(0, FIFO, 20);
	while (!stop) {
		sleep_some();
		if (!is_ready())
			continue;
		set_ready(false);
		begun = now();
		if (umcg_kick(server.group, worker.tid, 0))
			set_ready(true);
	}
	return unused;
}

static void kick(unsigned int ops)
{
	pthread_t kicker;
	bool more = true;

	worker.run = spin;
	server_start(&server);
	hire(&server, &worker);
	kicker = spawn(kick_often, NULL);
	meter_begin(ops);
	while (more) {
		set_ready(true);
		if (server_run(&server, &worker) != UMCG_CUR_PREEMPT)
			die("a worker was not preempted");
		more = meter_took(now() - begun);
		if (server_next(&server, NULL) != &worker)
			die("a worker has not come back");
	}
	meter_end();
	stop = true;
	pthread_join(kicker, NULL);
	serve(&server, &worker, 1);
}

/* ---- a signal instead --------------------------------------------------- */

static void handler(int sig)
{
	(void)sig;
	if (!meter_took(now() - begun))
		stop = true;
	else
		set_ready(true);
}

static void *signal_often(void *unused)
{
	go_across();
	set_policy(0, FIFO, 20);
	while (!stop) {
		sleep_some();
		if (!is_ready())
			continue;
		set_ready(false);
		begun = now();
		syscall(SYS_tgkill, getpid(), target, SIGUSR1);
	}
	return unused;
}

static void tgkill_handler(unsigned int ops)
{
	struct sigaction action = { .sa_handler = handler };
	pthread_t other;

	must(sigaction(SIGUSR1, &action, NULL));
	target = gettid();
	meter_begin(ops);
	set_ready(true);
	other = spawn(signal_often, NULL);
	spin_until_stop();
	meter_end();
	pthread_join(other, NULL);
}

/* ---- the end of a slice ------------------------------------------------- */

/* How much later than its slice has the worker stopped, for its server? */
static void slice(unsigned int ops)
{
	bool more = true;
	__u64 start, took;

	worker.run = spin;
	worker.slice_ns = SLICE_NS;
	server_start(&server);
	hire(&server, &worker);
	meter_begin(ops);
	while (more) {
		start = now();
		if (server_run(&server, &worker) != UMCG_CUR_PREEMPT)
			die("a worker was not preempted");
		took = now() - start;
		more = meter_took(took > SLICE_NS ? took - SLICE_NS : 0);
		if (server_next(&server, NULL) != &worker)
			die("a worker has not come back");
	}
	meter_end();
	stop = true;
	serve(&server, &worker, 1);
}

const struct bench kick_cases[] = {
	{ .name = "kick",
	  .what = "from KICK of a running worker until its server runs",
	  .policies = OTHER,
	  .places = TOGETHER | ACROSS,
	  .needs_umcg = true,
	  .ops = 100,
	  .run = kick },
	{ .name = "slice",
	  .what = "a run that ends with its slice, the slice taken off",
	  .policies = OTHER | FIFO,
	  .needs_umcg = true,
	  .ops = 100,
	  .run = slice },
	{ .name = "tgkill",
	  .what = "from tgkill() of a running thread to its handler",
	  .policies = OTHER,
	  .places = TOGETHER | ACROSS,
	  .ops = 100,
	  .run = tgkill_handler },
	{}
};
