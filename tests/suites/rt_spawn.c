// SPDX-License-Identifier: GPL-2.0-only
/*
 * libumcg-runtime: threads that are spawned, how they end, who joins them, and that they
 * are used again.
 */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "runtime.h"
#include "suite.h"

static struct umcg_rt *rt;

static void *tell_tid(void *unused)
{
	(void)unused;
	expect(umcg_rt_self() == rt);
	return (void *)(long)gettid();
}

START_TEST(a_thread_is_used_again)
{
	void *tid;

	rt = runtime_start(1, NULL);
	tid = runtime_join(runtime_spawn(rt, NULL, tell_tid, NULL));
	for (int i = 0; i < 100; i++)
		ck_assert_ptr_eq(runtime_join(runtime_spawn(rt, NULL, tell_tid, NULL)), tid);
	/* a server hears of the end later than who joins */
	wait_for(umcg_rt_workers(rt) == 0);
	runtime_end(rt);
}
END_TEST

/* From a worker, on its only server: the other runs when this one waits. */
static void *spawn_often(void *unused)
{
	void *tid = runtime_join(runtime_spawn(rt, NULL, tell_tid, NULL));

	expect((long)tid != gettid());
	for (int i = 0; i < 100; i++)
		expect(runtime_join(runtime_spawn(rt, NULL, tell_tid, NULL)) == tid);
	return unused;
}

START_TEST(a_worker_uses_a_thread_again)
{
	rt = runtime_start(1, NULL);
	runtime_join(runtime_spawn(rt, NULL, spawn_often, NULL));
	runtime_end(rt);
}
END_TEST

static void *use_stack(void *size)
{
	char big[1 << 20];

	memset(big, 1, sizeof(big));
	__asm__ volatile("" ::"r"(big) : "memory");
	return size;
}

START_TEST(not_with_too_small_a_stack)
{
	const struct umcg_rt_thread_attr small = { .stack_size = 64 * 1024 };
	const struct umcg_rt_thread_attr large = { .stack_size = 4 << 20 };
	void *tid;

	rt = runtime_start(1, NULL);
	tid = runtime_join(runtime_spawn(rt, &small, tell_tid, NULL));
	runtime_join(runtime_spawn(rt, &large, use_stack, NULL));
	ck_assert_ptr_ne(runtime_join(runtime_spawn(rt, NULL, tell_tid, NULL)), tid);
	runtime_end(rt);
}
END_TEST

static int gone;

static void *hold_and_go(void *barrier)
{
	umcg_barrier_wait(barrier);
	__atomic_add_fetch(&gone, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Of ten that end at once two stay. */
START_TEST(so_many_are_kept)
{
	struct umcg_rt_attr attr = { .servers = 2, .spare = 2 };
	struct umcg_rt_thread *t[10];
	struct umcg_barrier barrier;
	unsigned int parked = 0;

	rt = runtime_start_with(&attr);
	umcg_barrier_init(&barrier, 10);
	for (int i = 0; i < 10; i++)
		t[i] = runtime_spawn(rt, NULL, hold_and_go, &barrier);
	for (int i = 0; i < 10; i++)
		runtime_join(t[i]);
	wait_for(umcg_rt_workers(rt) == 0);
	for (__u32 i = 1; i < 64; i++)
		parked += !!(umcg_state(umcg_slot(umcg_rt_group(rt), i)) & UMCG_TF_PARKED);
	ck_assert_uint_eq(parked, 2);
	runtime_end(rt);
	ck_assert_int_eq(gone, 10);
}
END_TEST

static void *leave_by_exit(void *value)
{
	pthread_exit(value);
}

static void *wait_to_be_cancelled(void *pthread)
{
	__atomic_store_n((pthread_t *)pthread, pthread_self(), __ATOMIC_SEQ_CST);
	for (;;)
		pause();
	return NULL;
}

static pthread_t spawn_and_cancel(struct umcg_rt_thread **t)
{
	static pthread_t pthread;

	pthread = 0;
	*t = runtime_spawn(rt, NULL, wait_to_be_cancelled, &pthread);
	wait_for(__atomic_load_n(&pthread, __ATOMIC_SEQ_CST));
	expect_eq(pthread_cancel(pthread), 0);
	return pthread;
}

START_TEST(values_of_those_who_leave_early)
{
	struct umcg_rt_thread *t;
	int value;

	rt = runtime_start(1, NULL);
	for (int i = 0; i < 20; i++) {
		t = runtime_spawn(rt, NULL, leave_by_exit, &value);
		ck_assert_ptr_eq(runtime_join(t), &value);
		spawn_and_cancel(&t);
		ck_assert_ptr_eq(runtime_join(t), PTHREAD_CANCELED);
		ck_assert_int_ne((long)runtime_join(runtime_spawn(rt, NULL, tell_tid, NULL)),
				 0);
	}
	runtime_end(rt);
}
END_TEST

static void *be_cancelled_too_late(void *value)
{
	pthread_cancel(pthread_self());
	return value;
}

/* What it returned counts, and the next one is not hit. */
START_TEST(cancelled_too_late)
{
	int value;

	rt = runtime_start(1, NULL);
	for (int i = 0; i < 20; i++) {
		ck_assert_ptr_eq(runtime_join(runtime_spawn(rt, NULL, be_cancelled_too_late,
							    &value)),
				 &value);
		runtime_join(runtime_spawn(rt, NULL, tell_tid, NULL));
	}
	runtime_end(rt);
}
END_TEST

static void *count_end(void *unused)
{
	sleep_ns(MSEC);
	__atomic_add_fetch(&gone, 1, __ATOMIC_SEQ_CST);
	return unused;
}

static void *count_end_and_exit(void *unused)
{
	pthread_exit(count_end(unused));
}

/* Detached from the beginning, while it runs, and when it has ended. */
START_TEST(detached)
{
	struct umcg_rt_thread *t;

	rt = runtime_start(2, NULL);
	for (int i = 0; i < 60; i++) {
		void *(*fn)(void *) = i % 2 ? count_end : count_end_and_exit;

		ck_assert_int_eq(umcg_rt_spawn(rt, i % 3 ? &t : NULL, NULL, fn, NULL), 0);
		if (i % 3 == 1)
			wait_for(__atomic_load_n(&gone, __ATOMIC_SEQ_CST) == i + 1);
		if (i % 3)
			ck_assert_int_eq(umcg_rt_detach(t), 0);
	}
	runtime_end(rt);
	ck_assert_int_eq(gone, 60);
}
END_TEST

/* Nobody joins them; destroying takes it all back. */
START_TEST(forgotten)
{
	for (int i = 0; i < 20; i++) {
		rt = runtime_start(2, NULL);
		for (int j = 0; j < 10; j++)
			runtime_spawn(rt, NULL, j % 2 ? count_end : count_end_and_exit, NULL);
		runtime_end(rt);
		ck_assert_int_eq(gone, (i + 1) * 10);
	}
}
END_TEST

static struct umcg_rt_thread *myself;

static void *join_oneself(void *unused)
{
	while (!__atomic_load_n(&myself, __ATOMIC_SEQ_CST))
		umcg_rt_yield();
	expect_eq(umcg_rt_join(myself, NULL), -EDEADLK);
	expect_eq(umcg_rt_leave(), -EPERM);
	expect_eq(umcg_rt_destroy(rt), -EDEADLK);
	return unused;
}

START_TEST(errors)
{
	const struct umcg_rt_thread_attr flags = { .flags = 1 };
	const struct umcg_rt_thread_attr huge = { .stack_size = SIZE_MAX / 4 };
	struct umcg_rt_thread *t = (void *)1;

	rt = runtime_start(1, NULL);
	ck_assert_int_eq(umcg_rt_spawn(rt, &t, &flags, tell_tid, NULL), -EINVAL);
	ck_assert_int_eq(umcg_rt_spawn(rt, &t, NULL, NULL, NULL), -EINVAL);
	ck_assert_int_eq(umcg_rt_spawn(rt, &t, &huge, tell_tid, NULL), -EAGAIN);
	ck_assert_ptr_null(t);
	ck_assert_int_eq(umcg_rt_spawn(rt, NULL, &huge, tell_tid, NULL), -EAGAIN);
	ck_assert_uint_eq(umcg_rt_workers(rt), 0);
	t = runtime_spawn(rt, NULL, join_oneself, NULL);
	__atomic_store_n(&myself, t, __ATOMIC_SEQ_CST);
	runtime_join(t);
	runtime_end(rt);
}
END_TEST

static void *tell_mask(void *blocked)
{
	sigset_t mask;
	char name[16];

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	expect_eq(sigismember(&mask, SIGUSR1), *(int *)blocked);
	pthread_getname_np(pthread_self(), name, sizeof(name));
	expect(!strcmp(name, *(int *)blocked ? "blocked" : "open"));
	sigaddset(&mask, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return NULL;
}

/* A thread that is used again begins as a new one would. */
START_TEST(mask_and_name_are_those_of_the_spawner)
{
	static int values[] = { 1, 0 };
	struct umcg_rt_thread_attr attr[] = { { .name = "blocked" }, { .name = "open" } };
	sigset_t set;

	rt = runtime_start(1, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (int i = 0; i < 6; i++) {
		pthread_sigmask(i % 2 ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
		runtime_join(runtime_spawn(rt, &attr[i % 2], tell_mask, &values[i % 2]));
	}
	runtime_end(rt);
}
END_TEST

static int handled;

static void handle(int signo)
{
	(void)signo;
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

/* The servers block them, and the spare threads are woken, but nobody is lost. */
START_TEST(signals_while_spare)
{
	struct sigaction action = { .sa_handler = handle };

	expect_sys(sigaction(SIGUSR1, &action, NULL));
	rt = runtime_start(2, NULL);
	for (int i = 0; i < 100; i++) {
		void *tid = runtime_join(runtime_spawn(rt, NULL, tell_tid, NULL));

		expect_sys(tgkill(getpid(), (pid_t)(long)tid, SIGUSR1));
		kill(getpid(), SIGUSR1);
	}
	runtime_end(rt);
	ck_assert_int_ge(handled, 100);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_spawn");

	ADD(s, a_thread_is_used_again, 20);
	ADD(s, a_worker_uses_a_thread_again, 20);
	ADD(s, not_with_too_small_a_stack, 20);
	ADD(s, so_many_are_kept, 20);
	ADD(s, values_of_those_who_leave_early, 20);
	ADD(s, cancelled_too_late, 20);
	ADD(s, detached, 20);
	ADD(s, forgotten, 30);
	ADD(s, errors, 20);
	ADD(s, mask_and_name_are_those_of_the_spawner, 20);
	ADD(s, signals_while_spare, 20);
	return s;
}
