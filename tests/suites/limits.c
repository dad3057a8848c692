// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers are started until there may be no more of them: by RLIMIT_NPROC, or by
 * the memory of their cgroup. The first leaves the group as it is, the second may
 * be its end: then nothing is left behind.
 */
/* vm: --smp 2 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "fifo.h"
#include "module.h"
#include "nobody.h"
#include "proc.h"
#include "slab.h"
#include "suite.h"

/* --- RLIMIT_NPROC -------------------------------------------------------- */

#define PROCESSES	12
#define ROUNDS		3

static struct server boss;

static long parks(struct worker *w)
{
	step_set(w, 1);
	worker_park(w);
	step_set(w, 2);
	return 0;
}

static void *never(void *arg)
{
	return arg;
}

/* A worker that cannot start a thread; that is all that has happened to it. */
static long starts_one(struct worker *w)
{
	pthread_t thread;

	step_set(w, 1);
	w->result = pthread_create(&thread, NULL, never, NULL);
	worker_park(w);
	return w->result;
}

/* As worker_start(), which takes it for granted. */
static void *be_a_worker(void *arg)
{
	struct worker *w = arg;

	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	expect(!umcg_register(w->group, &w->args));
	w->result = w->run(w);
	expect(!umcg_unregister(w->group));
	return NULL;
}

static int try_to_hire(struct worker *w)
{
	int error;

	*w = (struct worker){ .run = parks,
			      .group = boss.group,
			      .args = { .flags = UMCG_REG_WORKER,
					.clock = CLOCK_MONOTONIC,
					.server_tid = boss.tid,
					.user = (unsigned long)w } };
	error = pthread_create(&w->thread, NULL, be_a_worker, w);
	if (error)
		return error;
	server_expect(&boss, w, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, w), UMCG_CUR_WAIT);
	return 0;
}

/* The kernel takes a thread off the count after others may have seen it end. */
static bool hires(struct worker *w)
{
	int error = try_to_hire(w);

	expect(!error || error == EAGAIN);
	return !error;
}

static void fill_and_empty(void *arg)
{
	static struct worker starter = { .run = starts_one };
	static struct worker w[PROCESSES];
	struct rlimit limit = { PROCESSES, PROCESSES };
	int round, n, i;

	(void)arg;
	expect_sys(setrlimit(RLIMIT_NPROC, &limit));
	server_start(&boss, open_group());
	worker_hire(&boss, &starter);
	for (round = 0; round < ROUNDS; round++) {
		/* with this thread, and that one */
		for (n = 0; n < PROCESSES - 2; n++)
			wait_for(hires(&w[n]));
		expect_eq(try_to_hire(&w[n]), EAGAIN);
		server_expect_none(&boss);
		if (!round) {
			expect_eq(server_run(&boss, &starter), UMCG_CUR_WAIT);
			expect_eq(starter.result, EAGAIN);
		}
		for (i = 0; i < n; i++) {
			expect_eq(step_get(&w[i]), 1);
			server_finish(&boss, &w[i]);
			expect_eq(step_get(&w[i]), 2);
		}
	}
	server_finish(&boss, &starter);
	expect_eq(umcg_unregister(boss.group), 0);
}

START_TEST(no_more_threads)
{
	int before = module_refcount();

	ended_well(nobody_start(fill_and_empty, NULL));
	wait_for(module_refcount() == before);
}
END_TEST

/* --- memory -------------------------------------------------------------- */

#define LIMIT		"25165824"
#define STACK		(16 * 1024)

/* Told by the process, as it goes. */
struct tally {
	int workers, error;
};

static struct tally *tally;
static struct fifo fifo;
static int ends[2];

/* Where they stay: blocked, parked, or coming back all the time. */
static void stay(struct worker *w, int number)
{
	char byte;

	if (number % 3 == 0)
		expect_eq(read(ends[0], &byte, 1), 1);
	else if (number % 3 == 1)
		worker_park(w);
	for (;;) {
		sleep_ns(20 * MSEC);
		umcg_run(w->group, worker_slot(w), 0, UMCG_WAIT_ENQUEUE, 0);
	}
}

static void *register_and_stay(void *arg)
{
	struct worker w = { .group = fifo.group,
			    .args = *(struct umcg_register *)arg };
	int error = umcg_register(w.group, &w.args);

	if (error) {
		__atomic_store_n(&tally->error, error, __ATOMIC_SEQ_CST);
		return NULL;
	}
	stay(&w, __atomic_add_fetch(&tally->workers, 1, __ATOMIC_SEQ_CST));
	return NULL;
}

static void register_until_it_ends(void)
{
	static struct umcg_register args = { .flags = UMCG_REG_WORKER,
					     .clock = CLOCK_MONOTONIC };
	pthread_attr_t attr;
	pthread_t id;

	expect(cgroup_put("cgroup.procs", "0"));
	nobody_become();
	expect_sys(pipe(ends));
	fifo_start(&fifo, open_group(), 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	while (!__atomic_load_n(&tally->error, __ATOMIC_SEQ_CST))
		if (pthread_create(&id, &attr, register_and_stay, &args))
			tally->error = -ENOMEM;
	_exit(1);
}

static bool has_memory_limit(void)
{
	return cgroup_make("memory") && cgroup_put("memory.max", LIMIT) &&
	       cgroup_put("memory.oom.group", "1");
}

static void remove_memory(void)
{
	cgroup_remove("memory");
}

static bool is_unused(void)
{
	return module_refcount() == 0;
}

START_TEST(no_more_memory)
{
	long kills;
	pid_t child;
	int status;

	if (!has_memory_limit())
		skip("no memory cgroup");
	cgroup_put("memory.swap.max", "0");
	tally = shared_memory(sizeof(*tally));
	kills = cgroup_number("memory.events", "oom_kill ");
	child = expect_sys(fork());
	if (!child)
		register_until_it_ends();
	expect_eq(waitpid(child, &status, 0), child);
	kills = cgroup_number("memory.events", "oom_kill ") - kills;
	note("%d workers, %ld killed, error %d", tally->workers, kills,
	     tally->error);
	ck_assert(tally->error == -ENOMEM ||
		  (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
		   kills > 0));
	ck_assert_int_gt(tally->workers, 100);
	wait_for(is_unused());
	wait_for(slab_objects("umcg_thread") <= 0);
	wait_for(!module_unload());
	ck_assert_int_eq(module_load(), 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("limits");

	ADD(s, no_more_threads, 20);
	ADD_BETWEEN(s, no_more_memory, 60, NULL, remove_memory);
	return s;
}
