// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <unistd.h>

#include "cast.h"
#include "clock.h"
#include "suite.h"

enum { THERE = 1, WENT_ON };

const char *const role_names[ROLES] = { "held", "parked", "blocked",
					"running" };

__attribute__((noinline)) void cast_goes_on(struct worker *w)
{
	step_set(w, WENT_ON);
}

static long go_on(struct worker *w)
{
	struct cast *c = w->arg;

	cast_goes_on(w);
	return c->act ? c->act(w) : 0;
}

static long parks(struct worker *w)
{
	struct cast *c = w->arg;

	step_set(w, THERE);
	c->waited = umcg_run(w->group, worker_slot(w), 0, 0, 0);
	expect(!c->waited || c->waited == -EINTR);
	return go_on(w);
}

static long reads(struct worker *w)
{
	struct cast *c = w->arg;
	char byte;

	step_set(w, THERE);
	expect_eq(read(c->ends[0], &byte, 1), 1);
	return go_on(w);
}

static long spins(struct worker *w)
{
	struct cast *c = w->arg;

	step_set(w, THERE);
	while (!__atomic_load_n(&c->over, __ATOMIC_SEQ_CST))
		cpu_relax();
	return go_on(w);
}

void cast_start(struct cast *c, struct umcg_group *g)
{
	static long (*const run[ROLES])(struct worker *) = { go_on, parks, reads,
							     spins };
	int i;

	expect_sys(pipe(c->ends));
	server_start(&c->boss, g);
	for (i = 0; i < ROLES; i++) {
		c->worker[i].run = run[i];
		c->worker[i].arg = c;
		worker_hire(&c->boss, &c->worker[i]);
	}
	expect_eq(server_run(&c->boss, &c->worker[ROLE_PARKED]), UMCG_CUR_WAIT);
	expect_eq(server_run(&c->boss, &c->worker[ROLE_BLOCKED]),
		  UMCG_CUR_BLOCK);
	server_leave_running(&c->boss, &c->worker[ROLE_RUNNING]);
	wait_for(step_get(&c->worker[ROLE_RUNNING]) == THERE);
}

bool cast_stands(struct cast *c)
{
	return step_get(&c->worker[ROLE_HELD]) == 0 &&
	       step_get(&c->worker[ROLE_PARKED]) == THERE &&
	       step_get(&c->worker[ROLE_BLOCKED]) == THERE &&
	       step_get(&c->worker[ROLE_RUNNING]) == THERE;
}

void cast_let_go(struct cast *c)
{
	__atomic_store_n(&c->over, 1, __ATOMIC_SEQ_CST);
	expect_eq(write(c->ends[1], "x", 1), 1);
}

/* One that runs. It may well block on its way. */
static void see_out(struct cast *c, struct worker *w)
{
	if (server_wait(&c->boss, w) == UMCG_CUR_EXIT)
		c->gone++;
}

/* EAGAIN: it is away or on the list, which it comes back by. */
static void give_turn(struct cast *c, struct worker *w)
{
	int error = server_switch(&c->boss, w, 0);

	if (error && error != -EINTR && error != -EAGAIN)
		ck_abort_msg("switching to tid %d: %d", w->tid, error);
	if (umcg_next_tid(c->boss.self) == (w->tid | UMCG_TID_RUNNING))
		see_out(c, w);
}

void cast_finish(struct cast *c)
{
	struct worker *w;
	__u32 events;
	int i;

	cast_let_go(c);
	see_out(c, &c->worker[ROLE_RUNNING]);
	give_turn(c, &c->worker[ROLE_HELD]);
	give_turn(c, &c->worker[ROLE_PARKED]);
	while (c->gone < ROLES) {
		w = server_next(&c->boss, &events);
		if (events & UMCG_EV_EXIT)
			c->gone++;
		else
			give_turn(c, w);
	}
	for (i = 0; i < ROLES; i++) {
		pthread_join(c->worker[i].thread, NULL);
		expect_eq(step_get(&c->worker[i]), WENT_ON);
	}
}
