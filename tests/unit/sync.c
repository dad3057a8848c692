// SPDX-License-Identifier: GPL-2.0-only
/*
 * libumcg-sync among plain threads, for which it is futexes and nothing else: no module
 * is needed. Mutual exclusion is counted; a wake-up that is lost never ends, and libcheck
 * ends the test.
 */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../../sync/internal.h"

#define THREADS	6
#define ROUNDS	20000
#define USEC	1000ULL
#define MSEC	(1000 * USEC)

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000 * MSEC + (__u64)t.tv_nsec;
}

static void run_all(void *(*run)(void *), int threads)
{
	pthread_t thread[threads];
	long i;

	for (i = 0; i < threads; i++)
		ck_assert(!pthread_create(&thread[i], NULL, run, (void *)i));
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
}

/* --- mutex ----------------------------------------------------------------- */

static struct umcg_mutex mutex;
static unsigned long inside, count, timeouts;

static void in_and_out(void)
{
	ck_assert_uint_eq(__atomic_add_fetch(&inside, 1, __ATOMIC_RELAXED), 1);
	count++;
	__atomic_sub_fetch(&inside, 1, __ATOMIC_RELAXED);
}

START_TEST(mutex_alone)
{
	ck_assert_int_eq(umcg_mutex_unlock(&mutex), -EPERM);
	umcg_mutex_lock(&mutex);
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), -EBUSY);
	ck_assert_int_eq(umcg_mutex_timedlock(&mutex, 1), -ETIMEDOUT);
	ck_assert_int_eq(umcg_mutex_timedlock(&mutex, now() + MSEC), -ETIMEDOUT);
	ck_assert_int_eq(umcg_mutex_unlock(&mutex), 0);
	/* a time that has passed matters only to who has to wait */
	ck_assert_int_eq(umcg_mutex_timedlock(&mutex, 1), 0);
	ck_assert_int_eq(umcg_mutex_unlock(&mutex), 0);
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), 0);
	ck_assert_int_eq(umcg_mutex_unlock(&mutex), 0);
	ck_assert_int_eq(umcg_mutex_unlock(&mutex), -EPERM);
}
END_TEST

static void *lock_often(void *arg)
{
	unsigned int seed = (long)arg;
	int i, error;

	for (i = 0; i < ROUNDS; i++) {
		switch (rand_r(&seed) % 4) {
		case 0:
			error = umcg_mutex_timedlock(&mutex, now() + rand_r(&seed) % 50 * USEC);
			ck_assert(!error || error == -ETIMEDOUT);
			break;
		case 1:
			error = umcg_mutex_trylock(&mutex);
			ck_assert(!error || error == -EBUSY);
			break;
		default:
			umcg_mutex_lock(&mutex);
			error = 0;
		}
		if (error) {
			__atomic_add_fetch(&timeouts, 1, __ATOMIC_RELAXED);
			continue;
		}
		in_and_out();
		ck_assert_int_eq(umcg_mutex_unlock(&mutex), 0);
	}
	return NULL;
}

START_TEST(mutex_of_many)
{
	run_all(lock_often, THREADS);
	ck_assert_uint_eq(count + timeouts, THREADS * ROUNDS);
	ck_assert_int_eq(umcg_mutex_trylock(&mutex), 0);
}
END_TEST

static void *order[THREADS];
static int passed;

static void *lock_in_order(void *arg)
{
	umcg_mutex_lock(&mutex);
	order[passed++] = arg;
	umcg_mutex_unlock(&mutex);
	return NULL;
}

static int waiting(void)
{
	const struct waiter *w;
	int n = 0;

	sync_waiters_lock(&mutex.waiters);
	for (w = mutex.waiters.first; w; w = w->next)
		n++;
	sync_waiters_unlock(&mutex.waiters);
	return n;
}

START_TEST(mutex_is_fair)
{
	pthread_t thread[THREADS];
	long i;

	umcg_mutex_lock(&mutex);
	for (i = 0; i < THREADS; i++) {
		ck_assert(!pthread_create(&thread[i], NULL, lock_in_order, (void *)i));
		while (waiting() != i + 1)
			usleep(100);
	}
	umcg_mutex_unlock(&mutex);
	/* it was handed to the first: who asks now is behind all of them */
	umcg_mutex_lock(&mutex);
	ck_assert_int_eq(passed, THREADS);
	umcg_mutex_unlock(&mutex);
	for (i = 0; i < THREADS; i++) {
		ck_assert_int_eq((long)order[i], i);
		pthread_join(thread[i], NULL);
	}
}
END_TEST

/* --- condition variable ------------------------------------------------------ */

static struct umcg_cond cond;
static long tickets, taken, handed_out;

static void *take_tickets(void *arg)
{
	unsigned int seed = (long)arg;
	int i, error;

	for (i = 0; i < ROUNDS / 10; i++) {
		umcg_mutex_lock(&mutex);
		while (!tickets) {
			error = umcg_cond_timedwait(&cond, &mutex,
						    rand_r(&seed) % 2 ? now() + 50 * USEC : 0);
			ck_assert(!error || error == -ETIMEDOUT);
		}
		tickets--;
		taken++;
		in_and_out();
		umcg_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *give_tickets(void *unused)
{
	while (handed_out < THREADS * (ROUNDS / 10)) {
		umcg_mutex_lock(&mutex);
		tickets++;
		handed_out++;
		umcg_mutex_unlock(&mutex);
		umcg_cond_signal(&cond);
	}
	return unused;
}

START_TEST(cond_of_many)
{
	pthread_t giver;

	ck_assert_int_eq(umcg_cond_wait(&cond, &mutex), -EPERM);
	umcg_cond_signal(&cond);
	umcg_cond_broadcast(&cond);
	ck_assert(!pthread_create(&giver, NULL, give_tickets, NULL));
	run_all(take_tickets, THREADS);
	pthread_join(giver, NULL);
	ck_assert_int_eq(taken, handed_out);
	ck_assert_int_eq(tickets, 0);
	umcg_mutex_lock(&mutex);
	ck_assert_int_eq(umcg_cond_timedwait(&cond, &mutex, now() + MSEC), -ETIMEDOUT);
	ck_assert_int_eq(umcg_mutex_unlock(&mutex), 0);
}
END_TEST

static int generation, asleep;

static void *wait_for_generation(void *unused)
{
	int seen = 0;

	umcg_mutex_lock(&mutex);
	for (; seen < 100; seen++) {
		asleep++;
		while (generation == seen)
			ck_assert_int_eq(umcg_cond_wait(&cond, &mutex), 0);
		ck_assert_int_eq(generation, seen + 1);
	}
	umcg_mutex_unlock(&mutex);
	return unused;
}

static void *turn_generations(void *unused)
{
	while (generation < 100) {
		umcg_mutex_lock(&mutex);
		if (asleep == THREADS) {
			asleep = 0;
			generation++;
			umcg_cond_broadcast(&cond);
		}
		umcg_mutex_unlock(&mutex);
	}
	return unused;
}

START_TEST(cond_broadcast)
{
	pthread_t turner;

	ck_assert(!pthread_create(&turner, NULL, turn_generations, NULL));
	run_all(wait_for_generation, THREADS);
	pthread_join(turner, NULL);
}
END_TEST

/* --- semaphore --------------------------------------------------------------- */

static struct umcg_sem sem;

START_TEST(sem_alone)
{
	ck_assert_int_eq(umcg_sem_init(&sem, UMCG_SEM_MAX + 1U), -EINVAL);
	ck_assert_int_eq(umcg_sem_init(&sem, UMCG_SEM_MAX), 0);
	ck_assert_int_eq(umcg_sem_post(&sem), -EOVERFLOW);
	ck_assert_int_eq(umcg_sem_init(&sem, 2), 0);
	umcg_sem_wait(&sem);
	ck_assert_int_eq(umcg_sem_trywait(&sem), 0);
	ck_assert_int_eq(umcg_sem_trywait(&sem), -EAGAIN);
	ck_assert_int_eq(umcg_sem_timedwait(&sem, now() + MSEC), -ETIMEDOUT);
	ck_assert_int_eq(umcg_sem_post(&sem), 0);
	ck_assert_int_eq(umcg_sem_timedwait(&sem, 1), 0);
}
END_TEST

/* Two units go round; nobody loses one, whatever times out. */
static void *pass_units(void *arg)
{
	unsigned int seed = (long)arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (umcg_sem_timedwait(&sem, rand_r(&seed) % 2 ?
				       now() + rand_r(&seed) % 20 * USEC : 0))
			continue;
		ck_assert_uint_le(__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST), 2);
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		ck_assert_int_eq(umcg_sem_post(&sem), 0);
	}
	return NULL;
}

START_TEST(sem_of_many)
{
	umcg_sem_init(&sem, 2);
	run_all(pass_units, THREADS);
	ck_assert_int_eq(umcg_sem_trywait(&sem), 0);
	ck_assert_int_eq(umcg_sem_trywait(&sem), 0);
	ck_assert_int_eq(umcg_sem_trywait(&sem), -EAGAIN);
}
END_TEST

/* Who got the unit may free it, however far the other is with its post. */
static void *post_once(void *arg)
{
	ck_assert_int_eq(umcg_sem_post(arg), 0);
	return NULL;
}

START_TEST(sem_on_the_stack)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 2000; i++) {
		struct umcg_sem *s = calloc(1, sizeof(*s));

		ck_assert(!pthread_create(&thread, NULL, post_once, s));
		umcg_sem_wait(s);
		free(s);
		pthread_join(thread, NULL);
	}
}
END_TEST

/* --- signals ----------------------------------------------------------------- */

static int handled;

static void handler(int sig)
{
	(void)sig;
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static void *wait_through_signals(void *unused)
{
	umcg_sem_wait(&sem);
	return unused;
}

START_TEST(no_eintr)
{
	struct sigaction action = { .sa_handler = handler };
	pthread_t thread;
	int i;

	sigaction(SIGUSR1, &action, NULL);
	ck_assert(!pthread_create(&thread, NULL, wait_through_signals, NULL));
	for (i = 0; i < 50; i++) {
		pthread_kill(thread, SIGUSR1);
		while (__atomic_load_n(&handled, __ATOMIC_SEQ_CST) <= i)
			usleep(100);
	}
	ck_assert_int_eq(pthread_tryjoin_np(thread, NULL), EBUSY);
	umcg_sem_post(&sem);
	pthread_join(thread, NULL);
}
END_TEST

static void add(Suite *s, const TTest *test, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test);
	suite_add_tcase(s, tc);
}

int main(void)
{
	Suite *s = suite_create("sync");
	SRunner *runner = srunner_create(s);
	int failed;

	add(s, mutex_alone, "mutex_alone");
	add(s, mutex_of_many, "mutex_of_many");
	add(s, mutex_is_fair, "mutex_is_fair");
	add(s, cond_of_many, "cond_of_many");
	add(s, cond_broadcast, "cond_broadcast");
	add(s, sem_alone, "sem_alone");
	add(s, sem_of_many, "sem_of_many");
	add(s, sem_on_the_stack, "sem_on_the_stack");
	add(s, no_eintr, "no_eintr");
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
