// SPDX-License-Identifier: GPL-2.0-only
/*
 * All of libumcg-sync at once: workers, servers and plain threads take what they like,
 * with signals, times that pass, WAKEs that mean nothing, and preemptions; then the same
 * with the group ended in the middle, and with the process killed.
 *
 * What must hold: nobody is inside with another, all that was put into the queue comes
 * out of it once, units neither come nor go, and everybody comes to the end.
 */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "kmsg.h"
#include "mixed.h"
#include "module.h"
#include "suite.h"

#define ROUNDS	fewer(600)
#define SIZE	3
#define UNITS	2

static const int crowd[ACTOR_KINDS] = { 9, 2, 2, 3, 2 };

static struct mixed mixed;
static struct umcg_mutex mutex;
static struct umcg_cond cond;
static struct umcg_sem sem;
static struct umcg_rwlock lock;
static struct umcg_queue queue;
static void *room[SIZE];

static int inside, units_out, readers, writers;
static unsigned long changes, put_sum, taken_sum, timeouts;

static void check_time(int error)
{
	expect(!error || error == -ETIMEDOUT);
	if (error)
		__atomic_add_fetch(&timeouts, 1, __ATOMIC_RELAXED);
}

static void use_mutex(struct actor *a)
{
	int error = umcg_mutex_timedlock(&mutex, mixed_timeout(a));

	check_time(error);
	if (error)
		return;
	expect_eq(__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST), 1);
	mixed_dawdle(a);
	changes++;
	__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
	if (rand_r(&a->seed) % 2)
		umcg_cond_signal(&cond);
	else
		umcg_cond_broadcast(&cond);
	expect_eq(umcg_mutex_unlock(&mutex), 0);
}

/* Until somebody has changed something; for a time, as that may be the last. */
static void use_cond(struct actor *a)
{
	__u64 until = now() + rand_r(&a->seed) % 500 * USEC;
	unsigned long seen;
	int error = 0;

	umcg_mutex_lock(&mutex);
	seen = changes;
	while (!error && changes == seen)
		error = umcg_cond_timedwait(&cond, &mutex, until);
	check_time(error);
	expect_eq(__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST), 1);
	__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
	expect_eq(umcg_mutex_unlock(&mutex), 0);
}

static void use_sem(struct actor *a)
{
	int error = umcg_sem_timedwait(&sem, mixed_timeout(a));

	check_time(error);
	if (error)
		return;
	expect(__atomic_add_fetch(&units_out, 1, __ATOMIC_SEQ_CST) <= UNITS);
	mixed_dawdle(a);
	__atomic_sub_fetch(&units_out, 1, __ATOMIC_SEQ_CST);
	expect_eq(umcg_sem_post(&sem), 0);
}

static void use_rwlock(struct actor *a)
{
	bool write = rand_r(&a->seed) % 3 == 0;
	int *mine = write ? &writers : &readers;
	int error = write ? umcg_rwlock_timedwrlock(&lock, mixed_timeout(a)) :
			    umcg_rwlock_timedrdlock(&lock, mixed_timeout(a));

	check_time(error);
	if (error)
		return;
	__atomic_add_fetch(mine, 1, __ATOMIC_SEQ_CST);
	mixed_dawdle(a);
	expect(__atomic_load_n(&writers, __ATOMIC_SEQ_CST) == write);
	expect(!write || !__atomic_load_n(&readers, __ATOMIC_SEQ_CST));
	__atomic_sub_fetch(mine, 1, __ATOMIC_SEQ_CST);
	expect_eq(umcg_rwlock_unlock(&lock), 0);
}

static void use_queue(struct actor *a)
{
	unsigned long item = rand_r(&a->seed);
	void *taken;
	int error;

	if (rand_r(&a->seed) % 2) {
		error = umcg_queue_push(&queue, (void *)item, rand_r(&a->seed) % 2,
					now() + rand_r(&a->seed) % 300 * USEC);
		if (!error)
			__atomic_add_fetch(&put_sum, item, __ATOMIC_SEQ_CST);
	} else {
		error = umcg_queue_pop(&queue, &taken, 0,
				       now() + rand_r(&a->seed) % 300 * USEC);
		if (!error)
			__atomic_add_fetch(&taken_sum, (unsigned long)taken,
					   __ATOMIC_SEQ_CST);
	}
	check_time(error);
}

static void use_one(struct actor *a)
{
	static void (*const uses[])(struct actor *a) = {
		use_mutex, use_mutex, use_cond, use_sem, use_rwlock, use_queue,
	};

	uses[rand_r(&a->seed) % (sizeof(uses) / sizeof(*uses))](a);
}

static void use_all(struct actor *a)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		use_one(a);
		a->steps++;
	}
}

static void prepare(void)
{
	expect_eq(umcg_sem_init(&sem, UNITS), 0);
	expect_eq(umcg_queue_init(&queue, room, SIZE), 0);
}

/* As everybody has left it. */
static void check_end(void)
{
	void *taken;
	int i;

	while (!umcg_queue_pop(&queue, &taken, UMCG_QUEUE_TRY, 0))
		taken_sum += (unsigned long)taken;
	ck_assert_uint_eq(taken_sum, put_sum);
	ck_assert_uint_gt(timeouts, 0);
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), 0);
	ck_assert_int_eq(umcg_rwlock_trywrlock(&lock), 0);
	for (i = 0; i < UNITS; i++)
		ck_assert_int_eq(umcg_sem_trywait(&sem), 0);
	ck_assert_int_eq(umcg_sem_trywait(&sem), -EAGAIN);
	note("%lu changes, %lu times that passed", changes, timeouts);
	fifo_note(&mixed.fifo, "storm");
}

static bool over;

/* Who wakes and preempts whoever it likes. */
static void *disturb(void *arg)
{
	struct umcg_group *g = arg;
	unsigned int seed = 1;
	pid_t tid;

	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
		tid = mixed.actor[rand_r(&seed) % mixed.actors].worker.tid;
		umcg_wake(g, tid);
		tid = mixed.actor[rand_r(&seed) % mixed.actors].worker.tid;
		umcg_kick(g, tid, 0);
		sleep_ns(300 * USEC);
	}
	return NULL;
}

START_TEST(all_at_once)
{
	struct umcg_group *g = open_group();
	pthread_t disturber;

	prepare();
	mixed_start(&mixed, g, 2, crowd, use_all);
	expect(!pthread_create(&disturber, NULL, disturb, g));
	mixed_signals(&mixed);
	mixed_join(&mixed);
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	pthread_join(disturber, NULL);
	fifo_stop(&mixed.fifo);
	check_end();
}
END_TEST

/* ---- the group ends --------------------------------------------------------- */

/* All servers leave: from there on all are plain threads. */
START_TEST(group_ends)
{
	struct umcg_group *g = open_group();
	static const int how_many[ACTOR_KINDS] = { 8, 2, 2, 2, 0 };
	unsigned long steps;
	int i;

	prepare();
	mixed_start(&mixed, g, 2, how_many, use_all);
	mixed.ends = true;
	do {
		sleep_ns(MSEC);
		for (steps = 0, i = 0; i < mixed.actors; i++)
			steps += __atomic_load_n(&mixed.actor[i].steps, __ATOMIC_SEQ_CST);
	} while (steps < (unsigned long)mixed.actors * ROUNDS / 4);
	/* they leave when their lists are empty, with whoever waits not on any */
	__atomic_store_n(&mixed.fifo.stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < mixed.fifo.servers; i++)
		umcg_kick(g, mixed.fifo.server[i].server.tid, 0);
	mixed_join(&mixed);
	ck_assert_int_eq(umcg_wake(g, 0), -ESHUTDOWN);
	check_end();
}
END_TEST

/* ---- kill -9 ---------------------------------------------------------------- */

#define KILLS	((int)fewer(12))

static void use_for_ever(struct actor *a)
{
	for (;;)
		use_one(a);
}

START_TEST(killed)
{
	int log = kmsg_open(), before = module_refcount(), i, status;
	pid_t child;

	for (i = 0; i < KILLS; i++) {
		child = expect_sys(fork());
		if (!child) {
			prepare();
			mixed_start(&mixed, open_group(), 2, crowd, use_for_ever);
			mixed_signals(&mixed);
		}
		sleep_ns(longer((30 + rand() % 60) * MSEC));
		expect_sys(kill(child, SIGKILL));
		expect_sys(waitpid(child, &status, 0));
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	wait_for(module_refcount() == before);
	kmsg_clean(log);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("sync_storm");

	ADD(s, all_at_once, 200);
	ADD(s, group_ends, 100);
	ADD(s, killed, 100);
	return s;
}
