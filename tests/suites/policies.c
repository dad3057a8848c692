// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads of a group under different policies and priorities of the kernel's
 * scheduler. Those say who gets a processor, never who has a turn.
 */
/* vm: --smp 2 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "load.h"
#include "proc.h"
#include "suite.h"

#define ROUNDS	16

struct policy {
	int policy, priority, nice;
};

static const struct policy policies[] = {
	{ SCHED_FIFO, 1, 0 },	{ SCHED_FIFO, 30, 0 },
	{ SCHED_RR, 10, 0 },	{ SCHED_BATCH, 0, 0 },
	{ SCHED_IDLE, 0, 0 },	{ SCHED_OTHER, 0, 19 },
	{ SCHED_OTHER, 0, -20 },
};

#define POLICIES	(sizeof(policies) / sizeof(policies[0]))

static void set_policy(pid_t tid, const struct policy *p)
{
	struct sched_param param = { .sched_priority = p->priority };

	expect_sys(sched_setscheduler(tid, p->policy, &param));
	expect_sys(setpriority(PRIO_PROCESS, tid, p->nice));
}

/* Others may have all real time there is: a system may be set up like that. */
static bool has_real_time(void)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		return false;
	set_policy(0, &(struct policy){ SCHED_OTHER, 0, 0 });
	return true;
}

/* --- all of them, mixed -------------------------------------------------- */

static struct load load;
static int having_a_turn; /* by the slots */

/* Who is in user mode has a turn, and says so. */
static void has_a_turn(struct worker *w)
{
	expect_eq(worker_state(w), UMCG_TASK_RUNNING);
	__atomic_fetch_add(&having_a_turn, 1, __ATOMIC_RELAXED);
}

/* They change while all work; a server comes to be below its workers, or above. */
START_TEST(all_of_them)
{
	unsigned int round, rounds = fewer(ROUNDS);
	int i;

	if (!has_real_time())
		skip("no real time policies");
	load.look = has_a_turn;
	load_start(&load, 2);
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < LOAD_WORKERS; i++)
			set_policy(load.worker[i].tid,
				   &policies[(round + i) % POLICIES]);
		for (i = 0; i < 2; i++)
			set_policy(load.fifo.server[i].server.tid,
				   &policies[(3 * round + i) % POLICIES]);
		load_goes_on(&load);
	}
	load_stop(&load);
	ck_assert_uint_eq(having_a_turn, load_steps(&load));
	fifo_note(&load.fifo, "all policies");
}
END_TEST

/* --- one that would have its processor for itself ------------------------ */

static struct umcg_group *group;
static struct server boss;
static struct worker hog, other;
static int stop;

static long note_a_turn(struct worker *w)
{
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		step_set(w, step_get(w) + 1);
		worker_park(w);
	}
	return 0;
}

static void begin(void)
{
	static const struct policy high = { SCHED_FIFO, 20, 0 };
	static const struct policy low = { SCHED_FIFO, 10, 0 };
	static const struct policy lowest = { SCHED_IDLE, 0, 0 };

	pin(0, cpu_count() - 1);
	group = open_group();
	server_start(&boss, group);
	hog.run = worker_spin;
	hog.arg = &stop;
	other.run = note_a_turn;
	worker_hire(&boss, &hog);
	worker_hire(&boss, &other);
	set_policy(hog.tid, &low);
	set_policy(other.tid, &lowest);
	set_policy(0, &high);
}

static void end(void)
{
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	server_run_out(&boss, &hog);
	server_run_out(&boss, &other);
}

/*
 * Nobody else runs on that processor but its server, when its time has come. Kicked,
 * the hog is held: a worker that is below everybody has a turn there.
 */
START_TEST(a_hog_is_kicked)
{
	unsigned int i, steps;

	if (!has_real_time())
		skip("no real time policies");
	begin();
	for (i = 0; i < fewer(ROUNDS); i++) {
		steps = step_get(&hog);
		server_leave_running(&boss, &hog);
		/* the host may have had the time that it was left */
		wait_for(step_get(&hog) > steps);
		ck_assert_int_eq(umcg_kick(group, hog.tid, 0), 0);
		ck_assert_int_eq(server_wait(&boss, &hog), UMCG_CUR_PREEMPT);
		server_expect(&boss, &hog, UMCG_EV_PREEMPT);
		steps = step_get(&hog);
		ck_assert_int_eq(server_run(&boss, &other), UMCG_CUR_WAIT);
		ck_assert_uint_eq(step_get(&other), i + 1);
		ck_assert_uint_eq(step_get(&hog), steps);
	}
	end();
}
END_TEST

/* No server is told in time, as it is below the hog: somebody else has to kick. */
static void *kick_it(void *arg)
{
	static const struct policy higher = { SCHED_FIFO, 30, 0 };
	unsigned int i, steps;

	set_policy(0, &higher);
	for (i = 0; i < fewer(ROUNDS); i++) {
		steps = step_get(&hog);
		wait_for(step_get(&hog) > steps);
		/* it may be between two turns */
		wait_for(!umcg_kick(group, hog.tid, 0));
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	return arg;
}

START_TEST(a_hog_above_its_server)
{
	static const struct policy lowest = { SCHED_IDLE, 0, 0 };
	unsigned int kicked = 0;
	pthread_t thread;

	if (!has_real_time())
		skip("no real time policies");
	begin();
	expect(!pthread_create(&thread, NULL, kick_it, NULL));
	set_policy(0, &lowest);
	while (server_run(&boss, &hog) == UMCG_CUR_PREEMPT) {
		server_expect(&boss, &hog, UMCG_EV_PREEMPT);
		kicked++;
	}
	pthread_join(hog.thread, NULL);
	pthread_join(thread, NULL);
	ck_assert_uint_ge(kicked + 1, fewer(ROUNDS));
	server_run_out(&boss, &other);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("policies");

	ADD(s, all_of_them, 60);
	ADD(s, a_hog_is_kicked, 30);
	ADD(s, a_hog_above_its_server, 30);
	return s;
}
