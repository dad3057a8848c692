// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody's process floods a processor with timer interrupts: many workers with
 * the shortest slices, all of them RUNNING, none with a processor, since one of
 * the highest priority has it. What that one loses, it loses to interrupts. Time
 * is counted in instructions.
 */
/* vm: --smp 1 --icount */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "kmsg.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"

#define SHORTEST	(100 * USEC)
#define SERVERS		8
#define CROWD		20 /* of one server */

/* Of all servers: who has no more to do, and how many it has left RUNNING. */
struct told {
	int ready, running;
};

static struct told *told;

static struct umcg_group *group;
static int servers, crowd, gathered;

static void *spin(void *arg)
{
	struct umcg_register r = {
		.flags = UMCG_REG_WORKER,
		.clock = CLOCK_MONOTONIC,
		.server_tid = (unsigned long)arg,
		.slice_ns = SHORTEST,
	};
	struct sched_param none = { 0 };

	/* it is to be switched to, and to have no processor */
	expect_sys(sched_setscheduler(0, SCHED_IDLE, &none));
	expect_eq(umcg_register(group, &r), 0);
	for (;;)
		__asm__ volatile("");
	return NULL;
}

/* The worker of that slot runs, the server does not wait for it. */
static void leave_running(struct server *s, __u32 slot)
{
	__u32 tid = umcg_slot(group, slot)->tid;

	do {
		umcg_kick(group, s->tid, 0);
		umcg_run(group, s->self, tid, 0, 0);
	} while (!(umcg_next_tid(s->self) & UMCG_TID_RUNNING));
}

/* Of its own, whose slots may be anywhere. */
static int running_under(const struct server *s)
{
	__u32 slot;
	int n = 0;

	for (slot = 1; slot <= (__u32)(servers * (crowd + 1)); slot++) {
		const struct umcg_task *t = umcg_slot(group, slot);

		n += t->server_tid == (__u32)s->tid &&
		     UMCG_STATE(umcg_state(t)) == UMCG_TASK_RUNNING;
	}
	return n;
}

static void *serve(void *arg)
{
	struct umcg_list list = { 0 };
	struct server s;
	int i, n = 0;
	__u32 slot;

	server_start_as(&s, group, crowd > 1 ? UMCG_REG_MULTI : 0, 0);
	for (i = 0; i < crowd; i++)
		nobody_thread(spin, (void *)(unsigned long)s.tid);
	while (n < crowd) {
		n += umcg_list_take(group, s.slot, &list);
		if (n < crowd)
			umcg_run(group, s.self, 0, 0, 0);
	}
	/* a spinner is in the way of whoever is not there yet */
	__atomic_fetch_add(&gathered, 1, __ATOMIC_SEQ_CST);
	wait_for(__atomic_load_n(&gathered, __ATOMIC_SEQ_CST) == servers);
	while ((slot = umcg_list_pop(group, &list, NULL)))
		leave_running(&s, slot);
	__atomic_fetch_add(&told->running, running_under(&s), __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&told->ready, 1, __ATOMIC_SEQ_CST);
	pause();
	return arg;
}

struct flood {
	int servers, crowd;
};

static void flood(void *arg)
{
	const struct flood *f = arg;
	int i;

	group = open_group();
	crowd = f->crowd;
	servers = f->servers;
	for (i = 0; i < f->servers; i++)
		nobody_thread(serve, NULL);
	wait_for(__atomic_load_n(&gathered, __ATOMIC_SEQ_CST) == servers);
	/*
	 * From here on no worker gets a processor. Without cpu_relax(): that is a
	 * long way where instructions are counted.
	 */
	for (;;)
		__asm__ volatile("");
}

static void take_the_processor(bool take)
{
	struct sched_param p = { .sched_priority = take ? 10 : 0 };
	/* not for the attackers, too */
	int high = SCHED_FIFO | SCHED_RESET_ON_FORK;

	expect_sys(sched_setscheduler(0, take ? high : SCHED_OTHER, &p));
}

/* How many percent of its time the highest priority loses. */
static void attack(struct flood f)
{
	int log = kmsg_open(), all = f.servers * f.crowd;
	unsigned long before, calm_count, count;
	__u64 calm, took;
	pid_t pid;

	told = shared_memory(sizeof(*told));
	take_the_processor(true);
	before = timer_interrupts();
	calm = work_ns();
	calm_count = timer_interrupts() - before;
	pid = nobody_start(flood, &f);
	wait_for(__atomic_load_n(&told->ready, __ATOMIC_SEQ_CST) == f.servers);
	before = timer_interrupts();
	took = work_ns();
	count = timer_interrupts() - before;
	note("%d of %d workers of %d servers: %llu us of work took %llu us, %lu timer interrupts were %lu",
	     told->running, all, f.servers, calm / 1000, took / 1000, calm_count, count);
	nobody_kill(pid);
	take_the_processor(false);
	ck_assert_int_gt(told->running, all * 9 / 10);
	ck_assert_uint_lt(took, calm + calm / 20);
	kmsg_clean(log);
}

START_TEST(servers_with_one_worker_each)
{
	attack((struct flood){ SERVERS * CROWD, 1 });
}
END_TEST

START_TEST(servers_that_run_many)
{
	attack((struct flood){ SERVERS, CROWD });
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("abuse_timers");

	ADD(s, servers_with_one_worker_each, 100);
	ADD(s, servers_that_run_many, 100);
	return s;
}
