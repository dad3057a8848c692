// SPDX-License-Identifier: GPL-2.0-only
/*
 * A processor goes off, and comes back. Whoever was there, or was to be woken from
 * there, goes on elsewhere, and what was to happen there at some time does happen.
 */
/* vm: --smp 2 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cast.h"
#include "clock.h"
#include "load.h"
#include "proc.h"
#include "suite.h"

#define ONLINE	"/sys/devices/system/cpu/cpu1/online"
#define ROUNDS	5

static bool can_go_off(void)
{
	return cpu_count() == 2 && !access(ONLINE, W_OK);
}

/* Whoever changes cpusets meanwhile is waited for: EBUSY. */
static void online(bool on)
{
	wait_for(proc_set(ONLINE, on ? "1" : "0") || errno != EBUSY);
	expect_eq(read_number(ONLINE, ""), on);
}

static void put_back(void)
{
	if (!access(ONLINE, W_OK))
		online(true);
}

/* --- many, at work ------------------------------------------------------- */

static struct load load;
static bool is_off;

static void look_where(struct worker *w)
{
	bool off = __atomic_load_n(&is_off, __ATOMIC_SEQ_CST);
	int cpu = sched_getcpu();

	(void)w;
	if (off && __atomic_load_n(&is_off, __ATOMIC_SEQ_CST))
		expect_eq(cpu, 0);
}

START_TEST(under_a_load)
{
	unsigned int i, rounds = fewer(ROUNDS);

	if (!can_go_off())
		skip("no second processor that can go off");
	load.look = look_where;
	load_start(&load, 2);
	for (i = 0; i < rounds; i++) {
		load_goes_on(&load);
		online(false);
		__atomic_store_n(&is_off, true, __ATOMIC_SEQ_CST);
		load_goes_on(&load);
		__atomic_store_n(&is_off, false, __ATOMIC_SEQ_CST);
		online(true);
	}
	load_goes_on(&load);
	load_stop(&load);
	fifo_note(&load.fifo, "a processor off and on");
}
END_TEST

/* --- those that may run nowhere else ------------------------------------- */

static struct cast cast;

static void *take_it_away(void *arg)
{
	pid_t runs = cast.worker[ROLE_RUNNING].tid;

	pin(0, 0);
	proc_settled(cast.boss.tid);
	expect_eq(proc_cpu(runs), 1);
	online(false);
	wait_for(proc_cpu(runs) == 0);
	expect(cast_stands(&cast));
	__atomic_store_n(&cast.over, 1, __ATOMIC_SEQ_CST);
	return arg;
}

static long where_it_runs(struct worker *w)
{
	(void)w;
	return sched_getcpu();
}

START_TEST(where_each_of_them_is)
{
	pthread_t thread;
	int i;

	if (!can_go_off())
		skip("no second processor that can go off");
	pin(0, 1);
	cast.act = where_it_runs;
	cast_start(&cast, open_group());
	expect(!pthread_create(&thread, NULL, take_it_away, NULL));
	ck_assert_int_eq(server_wait(&cast.boss, &cast.worker[ROLE_RUNNING]),
			 UMCG_CUR_EXIT);
	ck_assert_int_eq(sched_getcpu(), 0);
	pthread_join(thread, NULL);
	cast_finish(&cast);
	for (i = 0; i < ROLES; i++)
		ck_assert_int_eq(cast.worker[i].result, 0);
	ck_assert_int_eq(cast.waited, 0);
}
END_TEST

/* --- a time that comes when the processor is gone ------------------------ */

/* Is that timer to be found behind the line of that processor? */
static bool is_armed_at(const char *timer, int cpu)
{
	FILE *f = fopen("/proc/timer_list", "re");
	char line[256];
	bool found = false;
	int at = -1;

	expect(f);
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "cpu: %d", &at);
		if (at == cpu && strstr(line, timer))
			found = true;
	}
	fclose(f);
	return found;
}

struct timed {
	const char *timer;
	struct server boss;
	struct worker worker;
	__u64 length, due; /* from when on it is over */
	__u64 off_at; /* when the processor was gone */
	bool late; /* it was over before it had begun */
	int stop;
};

static void *take_it_away_in_time(void *arg)
{
	struct timed *t = arg;

	pin(0, 0);
	wait_for(__atomic_load_n(&t->due, __ATOMIC_SEQ_CST));
	wait_for(is_armed_at(t->timer, 1) || now() > t->due);
	online(false);
	__atomic_store_n(&t->off_at, now(), __ATOMIC_SEQ_CST);
	return NULL;
}

/*
 * With more time, until the processor has gone before it was over. A slice timer
 * that is set is left alone by a run that ends later: so it has to be gone, or it
 * would be found where the round before has left it.
 */
static void comes_in_spite_of_it(struct timed *t, void (*scene)(struct timed *t))
{
	pthread_t thread;

	for (t->length = 250 * MSEC;; t->length *= 2) {
		t->due = 0;
		t->late = false;
		wait_for(!is_armed_at(t->timer, 0) && !is_armed_at(t->timer, 1));
		pin(0, 1);
		expect(!pthread_create(&thread, NULL, take_it_away_in_time, t));
		scene(t);
		pthread_join(thread, NULL);
		ck_assert_int_ge(now(), t->due);
		online(true);
		if (t->off_at < t->due && !t->late)
			break;
	}
	note("%s of %llu ms, %llu ms before it was due", t->timer,
	     (unsigned long long)t->length / 1000000,
	     (unsigned long long)(t->due - t->off_at) / 1000000);
}

static long park_for_a_time(struct worker *w)
{
	struct timed *t = w->arg;
	__u64 due = now() + t->length;

	__atomic_store_n(&t->due, due, __ATOMIC_SEQ_CST);
	return umcg_run(w->group, worker_slot(w), 0, 0, due);
}

static void a_timeout(struct timed *t)
{
	__u32 why;

	t->worker = (struct worker){ .run = park_for_a_time, .arg = t };
	worker_hire(&t->boss, &t->worker);
	why = server_run(&t->boss, &t->worker);
	t->late = why == UMCG_CUR_EXIT;
	if (t->late) {
		pthread_join(t->worker.thread, NULL);
	} else {
		ck_assert_uint_eq(why, UMCG_CUR_WAIT);
		server_expect(&t->boss, &t->worker, UMCG_EV_TIMEOUT);
		server_run_out(&t->boss, &t->worker);
	}
	ck_assert_int_eq(t->worker.result, -ETIMEDOUT);
}

START_TEST(a_timeout_of_a_worker)
{
	static struct timed t = { .timer = "umcg_wait_timer" };

	if (!can_go_off())
		skip("no second processor that can go off");
	if (!count_lines("/proc/timer_list", "tick"))
		skip("/proc/timer_list says nothing");
	server_start(&t.boss, open_group());
	comes_in_spite_of_it(&t, a_timeout);
}
END_TEST

static long run_for_ever(struct worker *w)
{
	struct timed *t = w->arg;

	__atomic_store_n(&t->due, now() + t->length, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&t->stop, __ATOMIC_SEQ_CST))
		cpu_relax();
	return 0;
}

/* It may begin a little before it says so. */
static void a_slice(struct timed *t)
{
	t->stop = 0;
	t->worker = (struct worker){ .run = run_for_ever, .arg = t,
				     .args = { .slice_ns = t->length } };
	worker_hire(&t->boss, &t->worker);
	ck_assert_int_eq(server_run(&t->boss, &t->worker), UMCG_CUR_PREEMPT);
	sleep_until(t->due);
	server_expect(&t->boss, &t->worker, UMCG_EV_PREEMPT);
	t->stop = 1;
	server_run_out(&t->boss, &t->worker);
}

START_TEST(a_slice_of_a_worker)
{
	static struct timed t = { .timer = "umcg_slice_timer" };

	if (!can_go_off())
		skip("no second processor that can go off");
	if (!count_lines("/proc/timer_list", "tick"))
		skip("/proc/timer_list says nothing");
	server_start(&t.boss, open_group());
	comes_in_spite_of_it(&t, a_slice);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("hotplug");

	ADD_BETWEEN(s, under_a_load, 60, NULL, put_back);
	ADD_BETWEEN(s, where_each_of_them_is, 30, NULL, put_back);
	ADD_BETWEEN(s, a_timeout_of_a_worker, 60, NULL, put_back);
	ADD_BETWEEN(s, a_slice_of_a_worker, 60, NULL, put_back);
	return s;
}
