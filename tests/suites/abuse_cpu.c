// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody's process tries to keep a processor for itself: calls in a tight loop,
 * threads that wake each other. Somebody else on that processor still gets the
 * share that the scheduler owes to one thread among so many; and all of it can be
 * killed. Time is counted in instructions, so the shares are exact.
 */
/* vm: --smp 1 --icount */
#define _GNU_SOURCE
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "kmsg.h"
#include "nobody.h"
#include "suite.h"

#define ATTACKERS	3
#define IDLERS		300

static int *ready; /* how many attackers are at it */

static void is_ready(void)
{
	__atomic_fetch_add(ready, 1, __ATOMIC_SEQ_CST);
}

/*
 * While @run attacks, with @busy threads that want the processor: the work takes
 * as much longer as it would beside so many honest ones, or twice that.
 */
static void attack(void (*run)(void *arg), int threads, int busy)
{
	int log = kmsg_open();
	__u64 calm, took;
	pid_t pid;

	ready = shared_memory(sizeof(*ready));
	calm = work_ns();
	pid = nobody_start(run, NULL);
	wait_for(__atomic_load_n(ready, __ATOMIC_SEQ_CST) == threads);
	took = work_ns();
	nobody_kill(pid);
	note("%llu us of work took %llu us", calm / 1000, took / 1000);
	ck_assert_uint_lt(took, 2 * (busy + 1) * calm);
	kmsg_clean(log);
}

static struct umcg_group *group;
static __u32 boss;

/* Everything that returns at once, as a server. */
static void *call_for_ever(void *arg)
{
	struct server s;
	struct pollfd p = { .fd = umcg_fd(group), .events = POLLIN };

	server_start(&s, group);
	is_ready();
	for (;;) {
		umcg_run(group, s.self, 0, 0, 1);
		umcg_run(group, s.self, s.tid, 0, 0);
		umcg_wake(group, 0);
		umcg_wake(group, s.tid + 1);
		umcg_kick(group, s.tid, 0);
		umcg_kick(group, s.tid + 1, UMCG_KICK_CURRENT);
		poll(&p, 1, 0);
	}
	return arg;
}

static void calls(void *arg)
{
	int i;

	(void)arg;
	group = open_group();
	for (i = 0; i < ATTACKERS; i++)
		nobody_thread(call_for_ever, NULL);
	pause();
}

START_TEST(calls_in_a_loop)
{
	attack(calls, ATTACKERS, ATTACKERS);
}
END_TEST

/* The dead that nobody takes from a list are looked at by those who register. */
static void *register_for_ever(void *arg)
{
	is_ready();
	for (;;) {
		if (umcg_register_server(group, 0) > 0)
			umcg_unregister(group);
	}
	return arg;
}

static void registrations(void *arg)
{
	int i;

	(void)arg;
	group = open_group();
	expect(umcg_register_server(group, 0) > 0);
	for (i = 0; i < ATTACKERS; i++)
		nobody_thread(register_for_ever, NULL);
	pause();
}

START_TEST(registrations_in_a_loop)
{
	attack(registrations, ATTACKERS, ATTACKERS);
}
END_TEST

static void opens(void *arg)
{
	struct umcg_group *g;

	(void)arg;
	is_ready();
	for (;;) {
		g = open_group();
		expect(umcg_register_server(g, 0) > 0);
		umcg_close(g);
	}
}

START_TEST(groups_in_a_loop)
{
	attack(opens, 1, 1);
}
END_TEST

/* A switch gives the processor away at once: to one of the two, for ever? */
static long hand_over(struct worker *w)
{
	struct worker *other = w->arg;

	for (;;)
		umcg_run(w->group, worker_slot(w), other->tid, 0, 0);
	return 0;
}

static void handoffs(void *arg)
{
	static struct worker a = { .run = hand_over }, b = { .run = hand_over };
	struct server s;

	(void)arg;
	a.arg = &b;
	b.arg = &a;
	server_start(&s, open_group());
	worker_hire(&s, &a);
	worker_hire(&s, &b);
	is_ready();
	for (;;)
		server_switch(&s, &a, 0);
}

START_TEST(handoffs_for_ever)
{
	attack(handoffs, 1, 1);
}
END_TEST

static long yield_for_ever(struct worker *w)
{
	for (;;)
		umcg_run(w->group, worker_slot(w), 0, UMCG_WAIT_ENQUEUE, 0);
	return 0;
}

static void yields(void *arg)
{
	static struct worker w = { .run = yield_for_ever };
	struct server s;
	__u32 events;

	(void)arg;
	server_start(&s, open_group());
	worker_hire(&s, &w);
	is_ready();
	for (;;)
		if (server_run(&s, &w) != UMCG_CUR_RUNNING)
			expect(server_next(&s, &events) == &w);
}

START_TEST(a_server_and_a_worker_for_ever)
{
	attack(yields, 1, 1);
}
END_TEST

static void *idle_for_ever(void *arg)
{
	struct server s;

	server_start(&s, group);
	is_ready();
	for (;;)
		umcg_run(group, s.self, 0, 0, 0);
	return arg;
}

/*
 * All of many idle servers are told, over and over: who wakes one looks at the
 * list of the idle with interrupts off, and there is only one list.
 */
static void *kick_for_ever(void *arg)
{
	int i;

	is_ready();
	for (;;) {
		for (i = 0; i < IDLERS + 100; i++)
			umcg_kick(group, boss + i, 0);
		umcg_wake(group, 0);
	}
	return arg;
}

static void kicks(void *arg)
{
	int i;

	(void)arg;
	group = open_group();
	boss = gettid();
	for (i = 0; i < IDLERS; i++)
		nobody_thread(idle_for_ever, NULL);
	nobody_thread(kick_for_ever, NULL);
	pause();
}

/* They all run in turn, some of the time: as busy as their kicker, twice. */
START_TEST(many_idle_servers)
{
	attack(kicks, IDLERS + 1, 3);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("abuse_cpu");

	ADD(s, calls_in_a_loop, 60);
	ADD(s, registrations_in_a_loop, 60);
	ADD(s, groups_in_a_loop, 60);
	ADD(s, handoffs_for_ever, 60);
	ADD(s, a_server_and_a_worker_for_ever, 60);
	ADD(s, many_idle_servers, 60);
	return s;
}
