// SPDX-License-Identifier: GPL-2.0-only
/*
 * libumcg-sync among plain threads, for which it is futexes and nothing else: no module
 * is needed. Mutual exclusion is counted; a wake-up that is lost never ends, and libcheck
 * ends the test.
 */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

/* --- queue ------------------------------------------------------------------- */

#define SIZE	4

static struct umcg_queue queue;
static void *room[SIZE];
static unsigned long put_sum, taken_sum;
static int producing;

static void *put_often(void *arg)
{
	unsigned long i;
	int error;

	for (i = 1; i <= ROUNDS / 4; i++) {
		do {
			error = umcg_queue_push(&queue, (void *)i, i % 4,
						i % 8 ? 0 : now() + 20 * USEC);
		} while (error == -EAGAIN || error == -ETIMEDOUT);
		ck_assert_int_eq(error, 0);
		__atomic_add_fetch(&put_sum, i, __ATOMIC_SEQ_CST);
	}
	if (!__atomic_sub_fetch(&producing, 1, __ATOMIC_SEQ_CST))
		umcg_queue_close(&queue);
	return arg;
}

static void *take_often(void *arg)
{
	unsigned int i = 0;
	void *item;
	int error;

	do {
		error = umcg_queue_pop(&queue, &item, 0, i++ % 8 ? 0 : now() + 20 * USEC);
		ck_assert(!error || error == -EPIPE || error == -ETIMEDOUT);
		if (!error)
			__atomic_add_fetch(&taken_sum, (unsigned long)item, __ATOMIC_SEQ_CST);
	} while (error != -EPIPE);
	return arg;
}

static void *put_or_take(void *arg)
{
	return (long)arg % 2 ? put_often(arg) : take_often(arg);
}

START_TEST(queue_of_many)
{
	ck_assert_int_eq(umcg_queue_init(&queue, room, SIZE), 0);
	producing = THREADS / 2;
	run_all(put_or_take, THREADS);
	ck_assert_uint_gt(put_sum, 0);
	ck_assert_uint_eq(put_sum, taken_sum);
}
END_TEST

/* --- readers and writers ------------------------------------------------------- */

static struct umcg_rwlock rwlock;
static int readers, writers;

static void *read_and_write(void *arg)
{
	unsigned int seed = (long)arg;
	int i, error, *mine;
	bool write;

	for (i = 0; i < ROUNDS; i++) {
		__u64 timeout = rand_r(&seed) % 2 ? now() + rand_r(&seed) % 50 * USEC : 0;

		write = rand_r(&seed) % 3 == 0;
		mine = write ? &writers : &readers;
		error = write ? umcg_rwlock_timedwrlock(&rwlock, timeout) :
				umcg_rwlock_timedrdlock(&rwlock, timeout);
		if (error)
			continue;
		__atomic_add_fetch(mine, 1, __ATOMIC_SEQ_CST);
		ck_assert_int_eq(__atomic_load_n(&writers, __ATOMIC_SEQ_CST), write);
		ck_assert(!write || !__atomic_load_n(&readers, __ATOMIC_SEQ_CST));
		__atomic_sub_fetch(mine, 1, __ATOMIC_SEQ_CST);
		ck_assert_int_eq(umcg_rwlock_unlock(&rwlock), 0);
	}
	return NULL;
}

START_TEST(rwlock_of_many)
{
	run_all(read_and_write, THREADS);
	ck_assert_int_eq(umcg_rwlock_trywrlock(&rwlock), 0);
	ck_assert_int_eq(umcg_rwlock_tryrdlock(&rwlock), -EBUSY);
	ck_assert_int_eq(umcg_rwlock_unlock(&rwlock), 0);
	ck_assert_int_eq(umcg_rwlock_unlock(&rwlock), -EPERM);
}
END_TEST

/* --- where they meet ------------------------------------------------------------- */

static struct umcg_barrier barrier;
static struct umcg_once once[100];
static struct umcg_join joins[THREADS];
static int calls, lasts;

static void call(void *arg)
{
	++*(int *)arg;
}

static void *meet(void *arg)
{
	long me = (long)arg;
	void *value;
	int i;

	for (i = 0; i < 100; i++) {
		umcg_once(&once[i], call, &calls);
		ck_assert_int_eq(calls, i + 1);
		__atomic_add_fetch(&lasts, umcg_barrier_wait(&barrier), __ATOMIC_SEQ_CST);
	}
	if (me) {
		ck_assert_int_eq(umcg_join_wait(&joins[me - 1], &value, 0), 0);
		ck_assert_int_eq((long)value, me - 1);
	}
	ck_assert_int_eq(umcg_join_done(&joins[me], arg), 0);
	ck_assert_int_eq(umcg_join_done(&joins[me], arg), -EALREADY);
	return NULL;
}

START_TEST(they_meet)
{
	ck_assert_int_eq(umcg_barrier_init(&barrier, 0), -EINVAL);
	ck_assert_int_eq(umcg_barrier_init(&barrier, THREADS), 0);
	ck_assert_int_eq(umcg_join_wait(&joins[0], NULL, now() + MSEC), -ETIMEDOUT);
	run_all(meet, THREADS);
	ck_assert_int_eq(calls, 100);
	ck_assert_int_eq(lasts, 100);
}
END_TEST

/* --- the kernel ------------------------------------------------------------------ */

/* With nobody to wait for. Whoever enters the kernel here is killed. */
static void use_each(void)
{
	void *item;

	umcg_mutex_lock(&mutex);
	umcg_mutex_unlock(&mutex);
	umcg_cond_signal(&cond);
	umcg_cond_broadcast(&cond);
	umcg_sem_post(&sem);
	umcg_sem_wait(&sem);
	umcg_queue_push(&queue, NULL, 0, 1);
	umcg_queue_pop(&queue, &item, 0, 1);
	umcg_rwlock_rdlock(&rwlock);
	umcg_rwlock_unlock(&rwlock);
	umcg_rwlock_wrlock(&rwlock);
	umcg_rwlock_unlock(&rwlock);
	umcg_once(&once[0], call, &calls);
	umcg_once(&once[0], call, &calls);
	umcg_barrier_wait(&barrier);
	umcg_join_done(&joins[0], NULL);
	umcg_join_wait(&joins[0], &item, 1);
}

START_TEST(alone_enters_no_kernel)
{
	int status;
	pid_t child;

	umcg_queue_init(&queue, room, SIZE);
	umcg_barrier_init(&barrier, 1);
	child = fork();
	if (!child) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
			_exit(2);
		use_each();
		/* exit_group() is forbidden as well */
		syscall(SYS_exit, 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

#define ADD(suite, test)                                    \
	do {                                                \
		TCase *tcase_ = tcase_create(#test);        \
		tcase_set_timeout(tcase_, 60);              \
		tcase_add_test(tcase_, test);               \
		suite_add_tcase(suite, tcase_);             \
	} while (0)

int main(void)
{
	Suite *s = suite_create("sync");
	SRunner *runner = srunner_create(s);
	int failed;

	ADD(s, mutex_alone);
	ADD(s, mutex_of_many);
	ADD(s, mutex_is_fair);
	ADD(s, cond_of_many);
	ADD(s, cond_broadcast);
	ADD(s, sem_alone);
	ADD(s, sem_of_many);
	ADD(s, sem_on_the_stack);
	ADD(s, no_eintr);
	ADD(s, queue_of_many);
	ADD(s, rwlock_of_many);
	ADD(s, they_meet);
	ADD(s, alone_enters_no_kernel);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
