// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers that make processes and threads: fork, vfork, posix_spawn, clone. What
 * they make is no worker, and whatever it does ends nothing here.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "suite.h"

#define FINE	42

int helper_main(int argc, char **argv)
{
	(void)argv;
	return argc == 2 ? FINE : 100;
}

static struct server boss;

static long park(struct worker *w)
{
	step_set(w, 1);
	worker_park(w);
	return 0;
}

static int status_of(pid_t child)
{
	int status = -1;

	expect_eq(waitpid(child, &status, 0), child);
	expect(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static long fork_one(struct worker *w)
{
	pid_t child = fork();

	if (!child) {
		/* nobody's worker: it is not held, and cannot wait here */
		if (umcg_unregister(w->group) != -EPERM)
			_exit(1);
		_exit(FINE);
	}
	step_set(w, 1);
	return status_of(child);
}

static long vfork_one(struct worker *w)
{
	pid_t child = vfork();

	if (!child)
		_exit(FINE);
	step_set(w, 1);
	return status_of(child);
}

static long spawn_one(struct worker *w)
{
	char *argv[] = { "spawn", "again", NULL };
	pid_t child;

	expect_eq(posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv,
			      environ), 0);
	step_set(w, 1);
	return status_of(child);
}

static void *plain(void *arg)
{
	/* not a worker, however its maker was one: it needs no turn */
	expect_eq(umcg_unregister(arg), -EPERM);
	return (void *)(long)FINE;
}

static long thread_one(struct worker *w)
{
	pthread_t thread;
	void *result;

	expect(!pthread_create(&thread, NULL, plain, w->group));
	step_set(w, 1);
	pthread_join(thread, &result);
	return (long)result;
}

/*
 * The worker makes a child, and waits for it. Child's exec and exit end nothing
 * here: the worker comes back by its list, and nothing else has changed.
 */
static void makes_a_child(long (*run)(struct worker *w))
{
	struct worker w = { .run = run }, other = { .run = park };
	__u32 why, events;

	server_start(&boss, open_group());
	worker_hire(&boss, &other);
	ck_assert_int_eq(server_run(&boss, &other), UMCG_CUR_WAIT);
	worker_hire(&boss, &w);
	why = server_run(&boss, &w);
	while (why == UMCG_CUR_BLOCK) {
		ck_assert_ptr_eq(server_next(&boss, &events), &w);
		ck_assert_uint_eq(events, UMCG_EV_QUEUED | UMCG_EV_WAKE);
		why = server_run(&boss, &w);
	}
	ck_assert_uint_eq(why, UMCG_CUR_EXIT);
	pthread_join(w.thread, NULL);
	ck_assert_int_eq(w.result, FINE);
	ck_assert_uint_eq(umcg_slot(boss.group, 0)->events, 0);
	server_finish(&boss, &other);
}

START_TEST(fork_of_a_worker)
{
	makes_a_child(fork_one);
}
END_TEST

START_TEST(vfork_of_a_worker)
{
	makes_a_child(vfork_one);
}
END_TEST

START_TEST(posix_spawn_of_a_worker)
{
	makes_a_child(spawn_one);
}
END_TEST

START_TEST(a_thread_of_a_worker)
{
	makes_a_child(thread_one);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("spawn");

	ADD(s, fork_of_a_worker, 20);
	ADD(s, vfork_of_a_worker, 20);
	ADD(s, posix_spawn_of_a_worker, 20);
	ADD(s, a_thread_of_a_worker, 20);
	return s;
}
