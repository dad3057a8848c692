// SPDX-License-Identifier: GPL-2.0-only
/*
 * SHARED: a worker that comes back to a busy home goes to the group list, and one
 * idle server is woken for it, not two. An idle home takes it itself.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "reader.h"
#include "suite.h"

#define ROUNDS	30

static struct umcg_group *group;
static struct server boss;
static struct reader reader;
static int stop;
static struct worker spinner = { .run = worker_spin, .arg = &stop };

/* The caller shares; it has a blocked worker and one to be busy with. */
static void begin(void)
{
	group = open_group();
	server_start_as(&boss, group, UMCG_REG_SHARED, 0);
	reader_start(&reader, &boss);
	worker_hire(&boss, &spinner);
}

static bool asleep_with_a_runner(void)
{
	return umcg_cur(boss.self) ==
		       (spinner.args.slot | UMCG_CUR_RUNNING) &&
	       proc_state(boss.tid) == 'S';
}

/* Servers that run whatever the group list has, and count how they come by it. */
static struct helper {
	struct server server;
	pthread_t thread;
	unsigned int woken, ran;
} helpers[2];

static void *help(void *arg)
{
	struct helper *h = arg;
	struct worker *w;
	__u32 events;
	int error;

	server_start(&h->server, group);
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		error = umcg_run(group, h->server.self, 0, 0, 0);
		expect(!error || error == -ESHUTDOWN);
		__atomic_fetch_add(&h->woken, 1, __ATOMIC_SEQ_CST);
		while ((w = server_poll(&h->server, &events))) {
			server_run(&h->server, w);
			__atomic_fetch_add(&h->ran, 1, __ATOMIC_SEQ_CST);
		}
	}
	return NULL;
}

static bool idles(struct server *s)
{
	return s->tid && (umcg_state(s->self) & UMCG_TF_IDLE) &&
	       proc_state(s->tid) == 'S';
}

static void start_helpers(void)
{
	int i;

	for (i = 0; i < 2; i++)
		expect(!pthread_create(&helpers[i].thread, NULL, help,
				       &helpers[i]));
	for (i = 0; i < 2; i++)
		wait_for(idles(&helpers[i].server));
}

static void helped_by_one(struct reader *r)
{
	unsigned int woken[2], step = step_get(&r->worker);
	struct proc_switches before[2], after;
	int i, who;

	for (i = 0; i < 2; i++) {
		woken[i] = helpers[i].woken;
		before[i] = proc_settled(helpers[i].server.tid);
	}
	reader_write(r, 'x');
	wait_for(step_get(&r->worker) == step + 1);
	for (i = 0; i < 2; i++)
		wait_for(idles(&helpers[i].server));
	who = helpers[1].woken != woken[1];
	expect_eq(helpers[who].woken, woken[who] + 1);
	expect_eq(helpers[!who].woken, woken[!who]);
	after = proc_switches(helpers[!who].server.tid);
	expect_eq(after.voluntary, before[!who].voluntary);
	expect_eq(__atomic_load_n(&boss.self->head, __ATOMIC_SEQ_CST),
		  UMCG_LIST_END);
}

static void *wake_in_rounds(void *arg)
{
	struct proc_switches before, after;
	int i;

	(void)arg;
	wait_for(asleep_with_a_runner());
	before = proc_settled(boss.tid);
	for (i = 0; i < ROUNDS; i++)
		helped_by_one(&reader);
	after = proc_switches(boss.tid);
	expect_eq(after.voluntary, before.voluntary);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

START_TEST(shared_and_busy)
{
	pthread_t thread;

	begin();
	start_helpers();
	expect(!pthread_create(&thread, NULL, wake_in_rounds, NULL));
	server_finish(&boss, &spinner);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(helpers[0].ran + helpers[1].ran, ROUNDS);
}
END_TEST

static void *wake_the_home(void *arg)
{
	struct proc_switches before[2], after;
	int i;

	(void)arg;
	wait_for(idles(&boss));
	for (i = 0; i < 2; i++)
		before[i] = proc_settled(helpers[i].server.tid);
	reader_write(&reader, 'x');
	wait_for(!idles(&boss));
	sleep_ns(10 * MSEC);
	for (i = 0; i < 2; i++) {
		after = proc_switches(helpers[i].server.tid);
		expect_eq(after.voluntary, before[i].voluntary);
		expect(idles(&helpers[i].server));
	}
	return NULL;
}

/* An idle home takes it itself, whoever else is idle. */
START_TEST(shared_and_idle)
{
	pthread_t thread;

	begin();
	start_helpers();
	expect(!pthread_create(&thread, NULL, wake_the_home, NULL));
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 0), 0);
	ck_assert_int_eq(umcg_list_take(group, boss.slot, &boss.list), 1);
	pthread_join(thread, NULL);
	server_expect(&boss, &reader.worker, UMCG_EV_WAKE);
}
END_TEST

/* Nobody is idle: it waits on the group list for whoever idles first. */
START_TEST(shared_and_nobody_idle)
{
	begin();
	reader_write(&reader, 'x');
	wait_for(list_newest(umcg_slot(group, 0)) == reader.worker.args.slot);
	ck_assert_uint_eq(list_newest(boss.self), UMCG_LIST_END);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 0), 0);
	ck_assert_int_eq(umcg_list_take(group, boss.slot, &boss.list), 0);
	ck_assert_int_eq(umcg_list_take(group, 0, &boss.list), 1);
	server_expect(&boss, &reader.worker, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &reader.worker), UMCG_CUR_BLOCK);
	reader_finish(&reader, &boss);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("shared");

	ADD(s, shared_and_busy, 30);
	ADD(s, shared_and_idle, 20);
	ADD(s, shared_and_nobody_idle, 20);
	return s;
}
