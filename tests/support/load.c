// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <unistd.h>

#include "clock.h"
#include "load.h"
#include "suite.h"

#define PAUSE		(200 * USEC)
#define AHEAD		10 /* steps to see of each: all that it does, twice */

int load_index(const struct worker *w)
{
	const struct load *l = w->arg;

	return w - l->worker;
}

static void write_to(struct load *l, int index)
{
	expect_eq(write(l->ends[index][1], "x", 1), 1);
}

static void leave_user(struct load *l, struct worker *w, unsigned int step)
{
	struct timespec nap = { .tv_nsec = PAUSE };
	int index = load_index(w);
	char byte;

	switch (step % 5) {
	case 0:
		expect_sys(nanosleep(&nap, NULL));
		break;
	case 1:
		expect_eq(umcg_run(w->group, worker_slot(w), 0,
				   UMCG_WAIT_ENQUEUE, 0), 0);
		break;
	case 2:
		expect_eq(umcg_run(w->group, worker_slot(w), 0, 0,
				   now() + PAUSE), -ETIMEDOUT);
		break;
	case 3:
		write_to(l, (index + 1) % LOAD_WORKERS);
		break;
	case 4:
		expect_eq(read(l->ends[index][0], &byte, 1), 1);
		break;
	}
}

static long work(struct worker *w)
{
	struct load *l = w->arg;
	unsigned int step;

	while (!__atomic_load_n(&l->over, __ATOMIC_SEQ_CST)) {
		user_enter(&l->fifo);
		if (l->look)
			l->look(w);
		step = step_get(w);
		step_set(w, step + 1);
		user_leave(&l->fifo);
		leave_user(l, w, step);
	}
	/* it may wait for one that has ended */
	write_to(l, (load_index(w) + 1) % LOAD_WORKERS);
	return 0;
}

void load_start(struct load *l, int servers)
{
	int i;

	l->over = 0;
	for (i = 0; i < LOAD_WORKERS; i++)
		expect_sys(pipe(l->ends[i]));
	fifo_prepare(&l->fifo, open_group(), servers);
	for (i = 0; i < LOAD_WORKERS; i++) {
		l->worker[i] = (struct worker){ .run = work, .arg = l };
		worker_start(&l->worker[i], l->fifo.group,
			     fifo_home(&l->fifo, i % (servers + 1) - 1));
	}
	for (i = 0; i < LOAD_WORKERS; i++)
		wait_for(worker_is_there(&l->worker[i]));
	fifo_go(&l->fifo);
}

void load_goes_on(struct load *l)
{
	unsigned int before[LOAD_WORKERS];
	int i;

	for (i = 0; i < LOAD_WORKERS; i++)
		before[i] = step_get(&l->worker[i]);
	for (i = 0; i < LOAD_WORKERS; i++)
		wait_for(step_get(&l->worker[i]) - before[i] >= AHEAD);
}

unsigned long load_steps(const struct load *l)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < LOAD_WORKERS; i++)
		sum += step_get(&l->worker[i]);
	return sum;
}

void load_stop(struct load *l)
{
	int i;

	__atomic_store_n(&l->over, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < LOAD_WORKERS; i++)
		pthread_join(l->worker[i].thread, NULL);
	wait_for(fifo_ended(&l->fifo) == LOAD_WORKERS);
	fifo_stop(&l->fifo);
	expect(l->stopped || l->fifo.in_user_max <= l->fifo.servers);
	for (i = 0; i < LOAD_WORKERS; i++) {
		close(l->ends[i][0]);
		close(l->ends[i][1]);
	}
}
