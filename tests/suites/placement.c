// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads of a group are sent to another processor, by their affinity or by the
 * cpuset of their process, wherever they are just then: each runs there from its
 * next instruction on, and none is lost.
 */
/* vm: --smp 2 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cast.h"
#include "cgroup.h"
#include "clock.h"
#include "load.h"
#include "proc.h"
#include "suite.h"

#define ROUNDS	20

/* --- a worker in each state, and their server ---------------------------- */

static struct cast cast;

static long where_it_runs(struct worker *w)
{
	(void)w;
	return sched_getcpu();
}

struct mover {
	pthread_t thread;
	int cpu;
};

/* Once the server sleeps in its WAIT, and the worker runs. */
static void *move_all(void *arg)
{
	struct mover *m = arg;
	pid_t runs = cast.worker[ROLE_RUNNING].tid;
	int i;

	proc_settled(cast.boss.tid);
	expect_eq(proc_sleeps_in(cast.boss.tid), SYS_lseek);
	expect_eq(proc_cpu(runs), 1 - m->cpu);
	pin(cast.boss.tid, m->cpu);
	for (i = 0; i < ROLES; i++)
		pin(cast.worker[i].tid, m->cpu);
	wait_for(proc_cpu(runs) == m->cpu);
	proc_runs_on(runs);
	expect(cast_stands(&cast));
	/* and the server's WAIT ends with that worker's turn */
	__atomic_store_n(&cast.over, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

START_TEST(where_each_of_them_is)
{
	struct mover mover = { .cpu = 1 - _i };
	int i;

	if (cpu_count() < 2)
		skip("one processor");
	pin(0, _i);
	cast.act = where_it_runs;
	cast_start(&cast, open_group());
	expect(!pthread_create(&mover.thread, NULL, move_all, &mover));
	ck_assert_int_eq(server_wait(&cast.boss, &cast.worker[ROLE_RUNNING]),
			 UMCG_CUR_EXIT);
	ck_assert_int_eq(sched_getcpu(), mover.cpu);
	pthread_join(mover.thread, NULL);
	cast_finish(&cast);
	for (i = 0; i < ROLES; i++)
		ck_assert_int_eq(cast.worker[i].result, mover.cpu);
	ck_assert_int_eq(cast.waited, 0);
}
END_TEST

/* --- many of them, at work ----------------------------------------------- */

static struct load load;

/*
 * Where each has to be: a processor, 1 or 2, and the number of the round, so that
 * nobody takes two rounds for one. 0 while that changes.
 */
static unsigned int place[LOAD_WORKERS];

static void look_where(struct worker *w)
{
	unsigned int *p = &place[load_index(w)];
	unsigned int before = __atomic_load_n(p, __ATOMIC_SEQ_CST);
	int cpu = sched_getcpu(), as_told;
	unsigned int kernel_says;

	expect_sys(syscall(SYS_getcpu, &kernel_says, NULL, NULL));
	as_told = (before & 3) - 1;
	if (!before || __atomic_load_n(p, __ATOMIC_SEQ_CST) != before)
		return;
	expect_eq(cpu, as_told);
	expect_eq(kernel_says, as_told);
}

static void place_set(int worker, unsigned int value)
{
	__atomic_store_n(&place[worker], value, __ATOMIC_SEQ_CST);
}

static void places_set(unsigned int value)
{
	int i;

	for (i = 0; i < LOAD_WORKERS; i++)
		place_set(i, value);
}

START_TEST(a_crowd_at_work)
{
	unsigned int round, rounds = fewer(ROUNDS);
	int i, cpu;

	if (cpu_count() < 2)
		skip("one processor");
	load.look = look_where;
	load_start(&load, 2);
	for (round = 1; round <= rounds; round++) {
		for (i = 0; i < LOAD_WORKERS; i++) {
			cpu = (round + i / 2) % 2;
			place_set(i, 0);
			pin(load.worker[i].tid, cpu);
			place_set(i, round << 2 | (cpu + 1));
		}
		for (i = 0; i < 2; i++)
			pin(load.fifo.server[i].server.tid, (round / 2 + i) % 2);
		load_goes_on(&load);
	}
	load_stop(&load);
	fifo_note(&load.fifo, "sent about");
}
END_TEST

static void remove_cpuset(void)
{
	cgroup_remove("cpuset");
}

/* All of the process, and the cpuset changes under it, too. */
START_TEST(a_process_in_a_cpuset)
{
	unsigned int round, rounds = fewer(ROUNDS);
	char text[8];
	int cpu;

	if (cpu_count() < 2)
		skip("one processor");
	if (!cgroup_make("cpuset") || !cgroup_put("cpuset.cpus", "0"))
		skip("no cpusets");
	load.look = look_where;
	load_start(&load, 2);
	for (round = 1; round <= rounds; round++) {
		cpu = round % 2;
		snprintf(text, sizeof(text), "%d", cpu);
		expect(cgroup_put("cpuset.cpus", text));
		expect(cgroup_put("cgroup.procs", "0"));
		places_set(round << 3 | (cpu + 1));
		load_goes_on(&load);
		places_set(0);
		snprintf(text, sizeof(text), "%d", 1 - cpu);
		expect(cgroup_put("cpuset.cpus", text));
		ck_assert_int_eq(cpu_count(), 1);
		places_set(round << 3 | 4 | (2 - cpu));
		load_goes_on(&load);
		places_set(0);
		if (round % 2)
			cgroup_leave();
		else
			expect(cgroup_put("cpuset.cpus", "0-1"));
		ck_assert_int_eq(cpu_count(), 2);
		load_goes_on(&load);
	}
	cgroup_leave();
	load_stop(&load);
	fifo_note(&load.fifo, "in a cpuset");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("placement");

	ADD_LOOP(s, where_each_of_them_is, 20, 2);
	ADD(s, a_crowd_at_work, 60);
	ADD_BETWEEN(s, a_process_in_a_cpuset, 60, NULL, remove_cpuset);
	return s;
}
