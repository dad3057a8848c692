// SPDX-License-Identifier: MIT
/* pingpong.c - what there is without umcg: two plain threads and a round trip */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench.h"

/**
 * struct way - how two threads talk
 * @prepare:	makes what they need
 * @tell:	wakes that side, 0 asks and 1 answers
 * @listen:	sleeps until that side is told
 */
struct way {
	void (*prepare)(void);
	void (*tell)(int side);
	void (*listen)(int side);
};

static bool stop;

/* ---- futex: a word for each side ---------------------------------------- */

static __u32 word[2];

static void futex_tell(int side)
{
	__atomic_store_n(&word[side], 1, __ATOMIC_SEQ_CST);
	futex_wake(&word[side], 1);
}

static void futex_listen(int side)
{
	while (!__atomic_load_n(&word[side], __ATOMIC_SEQ_CST))
		futex_wait(&word[side], 0);
	__atomic_store_n(&word[side], 0, __ATOMIC_SEQ_CST);
}

/* ---- files -------------------------------------------------------------- */

static int in[2], out[2];
static size_t length;

static void pipe_prepare(void)
{
	int side, ends[2];

	for (side = 0; side < 2; side++) {
		must(pipe(ends));
		in[side] = ends[0];
		out[side] = ends[1];
	}
	length = 1;
}

static void eventfd_prepare(void)
{
	int side;

	for (side = 0; side < 2; side++) {
		in[side] = must(eventfd(0, 0));
		out[side] = in[side];
	}
	length = sizeof(__u64);
}

static void file_tell(int side)
{
	static const __u64 one = 1;

	must(write(out[side], &one, length));
}

static void file_listen(int side)
{
	__u64 value;

	must(read(in[side], &value, length));
}

/* ---- condition variables ------------------------------------------------ */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond[2] = { PTHREAD_COND_INITIALIZER,
				  PTHREAD_COND_INITIALIZER };
static bool told[2];

static void cond_tell(int side)
{
	pthread_mutex_lock(&mutex);
	told[side] = true;
	pthread_cond_signal(&cond[side]);
	pthread_mutex_unlock(&mutex);
}

static void cond_listen(int side)
{
	pthread_mutex_lock(&mutex);
	while (!told[side])
		pthread_cond_wait(&cond[side], &mutex);
	told[side] = false;
	pthread_mutex_unlock(&mutex);
}

/* ---- all of them -------------------------------------------------------- */

static void *answer(void *arg)
{
	const struct way *way = arg;

	go_across();
	while (!stop) {
		way->listen(1);
		meter_landed();
		way->tell(0);
	}
	return NULL;
}

static void ask(const struct way *way)
{
	way->tell(1);
	way->listen(0);
	meter_landed();
}

static void measure(const struct way *way, unsigned int ops)
{
	pthread_t other;

	if (way->prepare)
		way->prepare();
	other = spawn(answer, (void *)way);
	METER(ops, ask(way));
	/* it may be past its listening already */
	stop = true;
	way->tell(1);
	pthread_join(other, NULL);
}

static void futex(unsigned int ops)
{
	static const struct way way = { NULL, futex_tell, futex_listen };

	measure(&way, ops);
}

static void pipes(unsigned int ops)
{
	static const struct way way = { pipe_prepare, file_tell, file_listen };

	measure(&way, ops);
}

static void eventfds(unsigned int ops)
{
	static const struct way way = { eventfd_prepare, file_tell,
					file_listen };

	measure(&way, ops);
}

static void condvars(unsigned int ops)
{
	static const struct way way = { NULL, cond_tell, cond_listen };

	measure(&way, ops);
}

/* ---- sched_yield: the switch and nothing else --------------------------- */

static void *yield(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		sched_yield();
	return unused;
}

static void yields(unsigned int ops)
{
	pthread_t other = spawn(yield, NULL);

	METER(ops, sched_yield());
	stop = true;
	pthread_join(other, NULL);
}

const struct bench pingpong_cases[] = {
	{ .name = "futex",
	  .what = "futex wake and wait, there and back",
	  .policies = ALL_POLICIES,
	  .places = TOGETHER | FREE | ACROSS,
	  .plain = true,
	  .run = futex },
	{ .name = "pipe",
	  .what = "a byte through a pipe, and one back",
	  .policies = ALL_POLICIES,
	  .places = TOGETHER | FREE | ACROSS,
	  .run = pipes },
	{ .name = "eventfd",
	  .what = "the same with eventfds",
	  .policies = ALL_POLICIES,
	  .places = TOGETHER | FREE | ACROSS,
	  .run = eventfds },
	{ .name = "condvar",
	  .what = "the same with pthread_cond_signal and _wait",
	  .policies = ALL_POLICIES,
	  .places = TOGETHER | FREE | ACROSS,
	  .run = condvars },
	{ .name = "yield-pair",
	  .what = "sched_yield() beside a thread that does the same",
	  .policies = ALL_POLICIES,
	  .plain = true,
	  .run = yields },
	{}
};
