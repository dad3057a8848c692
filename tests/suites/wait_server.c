// SPDX-License-Identifier: GPL-2.0-only
/* WAIT by a server: every row of its table, and every error. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

/* WAIT with that next_tid fails so, and changes nothing. */
static void refused(__u32 next_tid, int error)
{
	__u32 state = boss.self->state, cur = boss.self->cur;

	ck_assert_int_eq(umcg_run(group, boss.self, next_tid, 0, 0), error);
	ck_assert_uint_eq(boss.self->next_tid, next_tid);
	ck_assert_uint_eq(boss.self->state, state);
	ck_assert_uint_eq(boss.self->cur, cur);
}

static int raw_wait(void *arg)
{
	return raw_ioctl(umcg_fd(group), UMCG_IOC_WAIT, arg);
}

static long park_once(struct worker *w)
{
	step_set(w, 1);
	worker_park(w);
	step_set(w, 2);
	return 0;
}

START_TEST(unregistered)
{
	struct umcg_wait poll = { .timeout = 1 };

	group = open_group();
	ck_assert_int_eq(raw_wait(NULL), -EPERM);
	ck_assert_int_eq(raw_wait(&poll), -EPERM);
	/* here, that is: elsewhere does not count */
	ck_assert_int_gt(umcg_register_server(open_group(), 1), 0);
	ck_assert_int_eq(raw_wait(&poll), -EPERM);
}
END_TEST

START_TEST(arguments)
{
	struct umcg_wait w = { .timeout = 1 };
	int bit;

	begin();
	ck_assert_int_eq(raw_wait(&w), -ETIMEDOUT);
	for (bit = 0; bit < 32; bit++) {
		w.flags = 1U << bit;
		ck_assert_int_eq(raw_wait(&w), -EINVAL);
	}
	w.flags = 0;
	w.pad = 1;
	ck_assert_int_eq(raw_wait(&w), -EINVAL);
	ck_assert_int_eq(raw_wait((void *)8L), -EFAULT);
	ck_assert_int_eq(raw_wait((void *)-8L), -EFAULT);
	w.pad = 0;
	ck_assert_int_eq(raw_wait(&w), -ETIMEDOUT);
}
END_TEST

/* Both would stop a server that has nothing pending; only one may. */
START_TEST(enqueue_is_for_workers)
{
	begin();
	ck_assert_int_eq(umcg_run(group, boss.self, 0, UMCG_WAIT_ENQUEUE, 0),
			 -EINVAL);
}
END_TEST

START_TEST(nobody_of_that_tid)
{
	struct umcg_group *other = open_group();
	struct worker stranger = { .run = park_once };

	begin();
	worker_start(&stranger, other, 0);
	/* there, and done with what it was given */
	wait_for(worker_is_there(&stranger));
	refused(0x3fffffff, -ESRCH);
	refused(1, -ESRCH);
	refused(stranger.tid, -ESRCH);
}
END_TEST

static void *other_server(void *arg)
{
	struct server *s = arg;

	server_start(s, group);
	/* for ever: the end of the test ends it */
	umcg_run(group, s->self, 0, 0, 0);
	return NULL;
}

START_TEST(servers_are_not_run)
{
	static struct server second;
	pthread_t thread;

	begin();
	expect(!pthread_create(&thread, NULL, other_server, &second));
	wait_for(__atomic_load_n(&second.tid, __ATOMIC_SEQ_CST));
	wait_for(umcg_state(second.self) & UMCG_TF_IDLE);
	refused(boss.tid, -EINVAL);
	refused(second.tid, -EINVAL);
	ck_assert(umcg_state(second.self) & UMCG_TF_IDLE);
}
END_TEST

START_TEST(a_worker_on_a_list)
{
	struct worker w = { .run = park_once };
	struct umcg_list list = { 0, 0 };

	begin();
	worker_start(&w, group, boss.tid);
	wait_for(worker_state(&w) == UMCG_TASK_RUNNABLE);
	refused(w.tid, -EAGAIN);
	/* taking it is not enough, the list still runs through its slot */
	wait_for(umcg_list_take(group, boss.slot, &list) == 1);
	refused(w.tid, -EAGAIN);
	ck_assert_uint_eq(step_get(&w), 0);
	ck_assert_uint_eq(umcg_list_pop(group, &list, NULL), w.args.slot);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
}
END_TEST

static long read_pipe(struct worker *w)
{
	char byte;

	return read(*(int *)w->arg, &byte, 1);
}

START_TEST(a_blocked_worker)
{
	int pipes[2];
	struct worker w = { .run = read_pipe, .arg = &pipes[0] };

	expect_sys(pipe(pipes));
	begin();
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	refused(w.tid, -EAGAIN);
	refused(w.tid | UMCG_TID_RUNNING, -EAGAIN);
	expect_eq(write(pipes[1], "x", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, 1);
}
END_TEST

START_TEST(what_a_switch_leaves_behind)
{
	struct worker w = { .run = park_once };
	__u32 cur;

	begin();
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_switch(&boss, &w, 0), 0);
	ck_assert_int_eq(server_wait(&boss, &w), UMCG_CUR_WAIT);
	cur = umcg_cur(boss.self);
	ck_assert_uint_eq(UMCG_CUR_SLOT(cur), w.args.slot);
	ck_assert_uint_eq(umcg_next_tid(boss.self), w.tid | UMCG_TID_RUNNING);
	ck_assert_uint_eq(umcg_state(boss.self), UMCG_TASK_RUNNING);
	ck_assert_uint_eq(UMCG_CUR_SLOT(umcg_cur(worker_slot(&w))), boss.slot);
	/* it has stopped, so there is nothing to sleep on */
	refused(w.tid | UMCG_TID_RUNNING, -EAGAIN);
	server_finish(&boss, &w);
	ck_assert_uint_eq(umcg_next_tid(boss.self), w.tid | UMCG_TID_RUNNING);
}
END_TEST

START_TEST(running_but_not_here)
{
	struct worker w = { .run = park_once };

	begin();
	worker_hire(&boss, &w);
	refused(w.tid | UMCG_TID_RUNNING, -EAGAIN);
	refused(0x3fffffff | UMCG_TID_RUNNING, -EAGAIN);
	ck_assert_uint_eq(step_get(&w), 0);
}
END_TEST

/* A server whose WAIT came back early sleeps on while its worker runs. */
START_TEST(sleeping_on)
{
	struct worker w = { .run = worker_spin }, idle = { .run = park_once };
	int stop = 0;
	unsigned int before;

	w.arg = &stop;
	begin();
	worker_hire(&boss, &w);
	worker_hire(&boss, &idle);
	server_leave_running(&boss, &w);
	ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNING);

	/* it runs, so it cannot be run, nor anybody else */
	refused(w.tid, -EAGAIN);
	refused(idle.tid, -EBUSY);
	ck_assert_uint_eq(step_get(&idle), 0);

	before = step_get(&w);
	boss.self->next_tid = w.tid | UMCG_TID_RUNNING;
	ck_assert_int_eq(umcg_wait(group, 0, now() + 5 * MSEC), -ETIMEDOUT);
	wait_for(step_get(&w) > before);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&boss, &w), UMCG_CUR_EXIT);
	ck_assert_int_eq(server_run(&boss, &idle), UMCG_CUR_WAIT);
}
END_TEST

/* Idle, with somebody on the list: that is a look, and takes nobody from it. */
START_TEST(idling_on_a_list_that_is_not_empty)
{
	struct worker own = { .run = park_once }, shared = { .run = park_once };
	int i;

	begin();
	worker_start(&own, group, boss.tid);
	wait_for(worker_state(&own) == UMCG_TASK_RUNNABLE);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 0), 0);
	server_expect(&boss, &own, UMCG_EV_WAKE);
	worker_start(&shared, group, 0);
	wait_for(umcg_slot(group, 0)->head != UMCG_LIST_END);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 0), 0);
	server_expect(&boss, &shared, UMCG_EV_WAKE);
	server_expect_none(&boss);
}
END_TEST

START_TEST(dead_workers_are_not_there)
{
	struct worker w = { .run = park_once };

	begin();
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	server_finish(&boss, &w);
	refused(w.tid, -ESRCH);
	refused(w.tid | UMCG_TID_RUNNING, -EAGAIN);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("wait_server");

	ADD(s, unregistered, 20);
	ADD(s, arguments, 20);
	ADD(s, enqueue_is_for_workers, 20);
	ADD(s, nobody_of_that_tid, 20);
	ADD(s, servers_are_not_run, 20);
	ADD(s, a_worker_on_a_list, 20);
	ADD(s, a_blocked_worker, 20);
	ADD(s, what_a_switch_leaves_behind, 20);
	ADD(s, running_but_not_here, 20);
	ADD(s, sleeping_on, 20);
	ADD(s, idling_on_a_list_that_is_not_empty, 20);
	ADD(s, dead_workers_are_not_there, 20);
	return s;
}
