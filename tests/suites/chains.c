// SPDX-License-Identifier: GPL-2.0-only
/* A worker's WAIT that runs another worker: the server's turn goes along. */
#define _GNU_SOURCE
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "suite.h"

#define RING		100
#define LINKS		1000

static struct umcg_group *group;
static struct server boss;
static int stop;

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

static int switch_to(struct worker *w, struct worker *to, __u32 flags,
		     __u64 timeout)
{
	return umcg_run(group, worker_slot(w), to ? to->tid : 0, flags,
			timeout);
}

/* Run @w, which hands over to one that spins, until that does; come back. */
static void leave_running(struct worker *w, struct worker *to)
{
	int error;

	/* the time may be over before it is started, or has handed over */
	do {
		error = server_switch(&boss, w, now() + 20 * MSEC);
	} while (error == -ETIMEDOUT &&
		 !(umcg_next_tid(boss.self) & UMCG_TID_RUNNING));
	ck_assert_int_eq(error, -ETIMEDOUT);
	wait_for(step_get(to));
	ck_assert_uint_eq(umcg_cur(boss.self),
			  to->args.slot | UMCG_CUR_RUNNING);
}

/* Hand over to the worker at arg, once. */
static long hand_over(struct worker *w)
{
	step_set(w, 1);
	w->result = switch_to(w, w->arg, 0, 0);
	step_set(w, 2);
	return w->result;
}

static struct worker ring[RING];
static unsigned int links, order[LINKS];

/* Each run is a link; the last one parks with nobody to run. */
static long pass_on(struct worker *w)
{
	unsigned int i = w - ring;
	struct umcg_task *me = worker_slot(w);

	while (links < LINKS) {
		order[links++] = i;
		expect_eq(me->cur, boss.slot);
		if (links == LINKS)
			break;
		expect_eq(switch_to(w, &ring[(i + 1) % RING], 0, 0), 0);
		expect_eq(me->next_tid & UMCG_TID_RUNNING, UMCG_TID_RUNNING);
	}
	return 0;
}

/* Ten rounds of a hundred, and the server sleeps through all of it. */
START_TEST(a_thousand_in_a_row)
{
	unsigned int i, last = (LINKS - 1) % RING;
	unsigned long switches;

	begin();
	for (i = 0; i < RING; i++) {
		ring[i].run = pass_on;
		worker_hire(&boss, &ring[i]);
	}
	switches = own_switches();
	ck_assert_int_eq(server_switch(&boss, &ring[0], 0), 0);
	ck_assert_uint_le(own_switches() - switches, 2);
	ck_assert_uint_eq(links, LINKS);
	for (i = 0; i < LINKS; i++)
		ck_assert_uint_eq(order[i], i % RING);
	ck_assert_uint_eq(umcg_cur(boss.self),
			  ring[last].args.slot | UMCG_CUR_EXIT);
	ck_assert_uint_eq(umcg_next_tid(boss.self),
			  ring[last].tid | UMCG_TID_RUNNING);
	server_expect_none(&boss);
	for (i = 0; i < RING; i++) {
		if (i == last)
			continue;
		ck_assert_uint_eq(worker_state(&ring[i]),
				  UMCG_TASK_RUNNABLE | UMCG_TF_PARKED);
		server_finish(&boss, &ring[i]);
	}
}
END_TEST

static long yield_to(struct worker *w)
{
	w->result = switch_to(w, w->arg, UMCG_WAIT_ENQUEUE, 0);
	return w->result;
}

/* The caller is on its list, and the other runs. */
START_TEST(queueing_itself)
{
	struct worker to = { .run = worker_spin, .arg = &stop };
	struct worker w = { .run = yield_to, .arg = &to, .result = 0x5a5a };

	begin();
	worker_hire(&boss, &to);
	worker_hire(&boss, &w);
	leave_running(&w, &to);
	ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNABLE);
	server_expect(&boss, &w, UMCG_EV_WAIT);
	boss.self->next_tid = to.tid | UMCG_TID_RUNNING;
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&boss, &to), UMCG_CUR_EXIT);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, 0);
}
END_TEST

static long with_a_token(struct worker *w)
{
	struct worker *to = w->arg;

	expect_eq(umcg_wake(group, w->tid), 1);
	expect_eq(umcg_wake(group, w->tid), 1);
	expect_eq(switch_to(w, to, 0, 0), 0);
	expect_eq(worker_slot(w)->next_tid, to->tid);
	expect_eq(worker_state(w), UMCG_TASK_RUNNING);
	expect_eq(step_get(to), 0);
	/* too late: nobody is run either */
	expect_eq(switch_to(w, to, 0, 1), -ETIMEDOUT);
	expect_eq(worker_slot(w)->next_tid, to->tid);
	expect_eq(step_get(to), 0);
	/* queueing takes no token */
	expect_eq(umcg_wake(group, w->tid), 1);
	expect_eq(switch_to(w, to, UMCG_WAIT_ENQUEUE, 0), 0);
	expect_eq(switch_to(w, NULL, 0, 0), 0);
	return 0;
}

START_TEST(without_stopping)
{
	struct worker to = { .run = hand_over };
	struct worker w = { .run = with_a_token, .arg = &to };

	begin();
	worker_hire(&boss, &to);
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_switch(&boss, &w, 0), 0);
	ck_assert_uint_eq(umcg_cur(boss.self), to.args.slot | UMCG_CUR_WAIT);
	server_expect(&boss, &w, UMCG_EV_WAIT);
	server_finish(&boss, &w);
	server_finish(&boss, &to);
}
END_TEST

static long hand_over_for_a_time(struct worker *w)
{
	/* unless that was over before anybody was run */
	do {
		w->result = switch_to(w, w->arg, 0, now() + 20 * MSEC);
	} while (w->result == -ETIMEDOUT &&
		 !(umcg_next_tid(worker_slot(w)) & UMCG_TID_RUNNING));
	return w->result;
}

/* The other runs on; the caller's time passes, and it waits for its turn. */
START_TEST(with_a_timeout)
{
	struct worker to = { .run = worker_spin, .arg = &stop };
	struct worker w = { .run = hand_over_for_a_time, .arg = &to,
			    .result = 0x5a5a };

	begin();
	worker_hire(&boss, &to);
	worker_hire(&boss, &w);
	leave_running(&w, &to);
	wait_for(list_newest(boss.self) == w.args.slot);
	server_expect(&boss, &w, UMCG_EV_TIMEOUT);
	boss.self->next_tid = to.tid | UMCG_TID_RUNNING;
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&boss, &to), UMCG_CUR_EXIT);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, -ETIMEDOUT);
}
END_TEST

static int go;

static long hand_over_when_told(struct worker *w)
{
	while (!__atomic_load_n(&go, __ATOMIC_SEQ_CST)) {
		step_set(w, step_get(w) + 1);
		cpu_relax();
	}
	return switch_to(w, w->arg, 0, 0);
}

/* The server, awake, has stored another one meanwhile: that one is not lost. */
START_TEST(the_server_has_other_plans)
{
	struct worker to = { .run = worker_spin, .arg = &stop };
	struct worker w = { .run = hand_over_when_told, .arg = &to };
	struct worker third = { .run = hand_over };

	begin();
	worker_hire(&boss, &to);
	worker_hire(&boss, &w);
	worker_hire(&boss, &third);
	ck_assert_int_eq(umcg_kick(group, boss.tid, 0), 0);
	ck_assert_int_eq(server_switch(&boss, &w, 0), 0);
	wait_for(step_get(&w));
	__atomic_store_n(&boss.self->next_tid, third.tid, __ATOMIC_SEQ_CST);
	__atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
	wait_for(step_get(&to));
	ck_assert_uint_eq(umcg_next_tid(boss.self), third.tid);
	ck_assert_int_eq(umcg_wait(group, 0, 0), -EBUSY);
	ck_assert_uint_eq(umcg_next_tid(boss.self), third.tid);
	ck_assert_uint_eq(worker_state(&third), UMCG_TASK_RUNNABLE);
	ck_assert_uint_eq(step_get(&third), 0);
	boss.self->next_tid = w.tid | UMCG_TID_RUNNING;
	ck_assert_int_eq(umcg_wait(group, 0, 0), -EAGAIN);
	boss.self->next_tid = to.tid | UMCG_TID_RUNNING;
	ck_assert_int_eq(umcg_wait(group, 0, now() + 5 * MSEC), -ETIMEDOUT);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&boss, &to), UMCG_CUR_EXIT);
	server_finish(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &third), UMCG_CUR_WAIT);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("chains");

	ADD(s, a_thousand_in_a_row, 30);
	ADD(s, queueing_itself, 20);
	ADD(s, without_stopping, 20);
	ADD(s, with_a_timeout, 20);
	ADD(s, the_server_has_other_plans, 20);
	return s;
}
