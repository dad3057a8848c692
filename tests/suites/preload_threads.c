// SPDX-License-Identifier: GPL-2.0-only
/* What POSIX says of threads, of programs as they are and under umcg run: the same. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "clock.h"
#include "meaning.h"
#include "suite.h"

#define THREADS	8
#define ROUNDS	500

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int count;

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t t;
	int error = pthread_create(&t, NULL, fn, arg);

	if (error)
		tell("pthread_create: %d", error);
	return t;
}

static long join(pthread_t t)
{
	void *value = NULL;
	int error = pthread_join(t, &value);

	return error ? -error : (long)value;
}

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* --- mutexes ------------------------------------------------------------------- */

static void *adds(void *m)
{
	int i, seen;

	for (i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(m);
		seen = count;
		if (i % 50 == 0)
			sched_yield();
		count = seen + 1;
		pthread_mutex_unlock(m);
	}
	return NULL;
}

static void all_add(pthread_mutex_t *m)
{
	pthread_t t[THREADS];
	int i;

	count = 0;
	for (i = 0; i < THREADS; i++)
		t[i] = start(adds, m);
	for (i = 0; i < THREADS; i++)
		join(t[i]);
	tell("sum %d", count);
}

static void *locks_and_dies(void *m)
{
	pthread_mutex_lock(m);
	return NULL;
}

static int show_mutexes(void)
{
	static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
				     PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ADAPTIVE_NP };
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	struct timespec t;
	size_t i;

	for (i = 0; i < 8; i++) {
		pthread_mutexattr_init(&attr);
		pthread_mutexattr_settype(&attr, types[i % 4]);
		if (i >= 4)
			pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
		tell("init %d", pthread_mutex_init(&m, &attr));
		all_add(&m);
	}
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	for (i = 0; i < 2; i++) {
		pthread_mutexattr_setprotocol(&attr, i ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE);
		pthread_mutex_init(&m, &attr);
		join(start(locks_and_dies, &m));
		tell("its owner died: %d", pthread_mutex_lock(&m) == EOWNERDEAD);
		tell("consistent %d", pthread_mutex_consistent(&m));
		tell("mine already: %d", pthread_mutex_lock(&m) == EDEADLK);
		tell("unlock %d", pthread_mutex_unlock(&m));
		all_add(&m);
	}
	pthread_mutex_lock(&mutex);
	t = in_ms(CLOCK_REALTIME, 30);
	tell("timed out: %d", pthread_mutex_timedlock(&mutex, &t) == ETIMEDOUT);
	tell("busy: %d", pthread_mutex_trylock(&mutex) == EBUSY);
	tell("ok");
	return 0;
}

/* --- condition variables, semaphores and the like ---------------------------------- */

static int slot_full, taken;

static void *takes(void *unused)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		while (!slot_full)
			pthread_cond_wait(&cond, &mutex);
		slot_full = 0;
		taken++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return unused;
}

static int show_conds(void)
{
	pthread_t t[4];
	struct timespec when;
	pthread_condattr_t attr;
	pthread_cond_t other;
	int i, error;

	for (i = 0; i < 4; i++)
		t[i] = start(takes, NULL);
	meaning_scheduled();
	for (i = 0; i < 4 * ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		while (slot_full)
			pthread_cond_wait(&cond, &mutex);
		slot_full = 1;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	for (i = 0; i < 4; i++)
		join(t[i]);
	tell("taken %d", taken);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&other, &attr);
	pthread_mutex_lock(&mutex);
	when = in_ms(CLOCK_MONOTONIC, 50);
	do {
		error = pthread_cond_timedwait(&other, &mutex, &when);
	} while (!error);
	tell("timed out: %d", error == ETIMEDOUT);
	tell("unlock %d", pthread_mutex_unlock(&mutex));
	tell("ok");
	return 0;
}

static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static sem_t sem, back;
static int serial;

static void *meets(void *unused)
{
	int i, seen;

	for (i = 0; i < 50; i++) {
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
		pthread_rwlock_wrlock(&rwlock);
		seen = count;
		sched_yield();
		count = seen + 1;
		pthread_rwlock_unlock(&rwlock);
		pthread_rwlock_rdlock(&rwlock);
		pthread_rwlock_unlock(&rwlock);
		pthread_spin_lock(&spin);
		taken++;
		pthread_spin_unlock(&spin);
		sem_post(&sem);
		sem_wait(&back);
	}
	return unused;
}

static int show_meetings(void)
{
	pthread_t t[4];
	struct timespec when;
	int i;

	pthread_barrier_init(&barrier, NULL, 4);
	pthread_spin_init(&spin, 0);
	sem_init(&sem, 0, 0);
	sem_init(&back, 0, 0);
	for (i = 0; i < 4; i++)
		t[i] = start(meets, NULL);
	for (i = 0; i < 200; i++) {
		sem_wait(&sem);
		sem_post(&back);
	}
	for (i = 0; i < 4; i++)
		join(t[i]);
	tell("serial %d, written %d, spun %d", serial, count, taken);
	when = in_ms(CLOCK_REALTIME, 30);
	tell("sem %d, timed out: %d", sem_trywait(&sem), sem_timedwait(&sem, &when) == -1 &&
	     errno == ETIMEDOUT);
	tell("ok");
	return 0;
}

/* --- shared with another process ---------------------------------------------------- */

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	sem_t sem;
	int turn, turns;
};

static void ping_pong(struct shared *s, int me)
{
	int i;

	for (i = 0; i < 200; i++) {
		pthread_mutex_lock(&s->mutex);
		while (s->turn != me)
			pthread_cond_wait(&s->cond, &s->mutex);
		s->turn = !me;
		s->turns++;
		pthread_cond_signal(&s->cond);
		pthread_mutex_unlock(&s->mutex);
	}
}

static int show_shared(void)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t mattr;
	pthread_condattr_t cattr;
	int status;
	pid_t pid;

	pthread_mutexattr_init(&mattr);
	pthread_mutexattr_setpshared(&mattr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&mattr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&s->mutex, &mattr);
	pthread_condattr_init(&cattr);
	pthread_condattr_setpshared(&cattr, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&s->cond, &cattr);
	sem_init(&s->sem, 1, 0);
	pid = fork();
	if (!pid) {
		meaning_scheduled();
		ping_pong(s, 1);
		pthread_mutex_lock(&s->mutex);
		sem_post(&s->sem);
		_exit(7);
	}
	ping_pong(s, 0);
	sem_wait(&s->sem);
	waitpid(pid, &status, 0);
	tell("turns %d, status %#x", s->turns, status);
	tell("its owner died: %d", pthread_mutex_lock(&s->mutex) == EOWNERDEAD);
	tell("ok");
	return 0;
}

/* --- the life of a thread -------------------------------------------------------------- */

static pthread_key_t key;

static void destroys(void *value)
{
	tell("destroyed %s", (char *)value);
}

static void *exits(void *value)
{
	pthread_setspecific(key, "by exit");
	pthread_exit(value);
}

static void *returns(void *value)
{
	pthread_setspecific(key, "by return");
	return value;
}

static void *posts(void *unused)
{
	sem_post(&sem);
	return unused;
}

static int c11(void *arg)
{
	thrd_yield();
	return *(int *)arg;
}

static void *own_name(void *unused)
{
	char name[16];

	pthread_setname_np(pthread_self(), "a-name");
	pthread_getname_np(pthread_self(), name, sizeof(name));
	tell("named %s", name);
	return unused;
}

static void *own_stack(void *unused)
{
	pthread_attr_t attr;
	size_t size;
	void *stack;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &stack, &size);
	tell("stack of %zu, inside: %d", size, (char *)&attr > (char *)stack &&
	     (char *)&attr < (char *)stack + size);
	return unused;
}

static int show_lives(void)
{
	int seven = 7, result = 0, joined;
	pthread_attr_t attr;
	cpu_set_t one, got;
	pthread_t t;
	thrd_t c;

	pthread_key_create(&key, destroys);
	tell("returned %ld", join(start(returns, (void *)3)));
	tell("exited %ld", join(start(exits, (void *)4)));
	tell("itself: %d", pthread_join(pthread_self(), NULL) == EDEADLK);
	tell("c11 %d", thrd_create(&c, c11, &seven) == thrd_success);
	joined = thrd_join(c, &result);
	tell("joined %d, %d", joined == thrd_success, result);
	join(start(own_name, NULL));
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	pthread_create(&t, &attr, own_stack, NULL);
	join(t);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	tell("affinity %d", pthread_setaffinity_np(pthread_self(), sizeof(one), &one));
	pthread_getaffinity_np(pthread_self(), sizeof(got), &got);
	tell("kept: %d, on it: %d", CPU_EQUAL(&one, &got), sched_getcpu() == 0);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sem_init(&sem, 0, 0);
	tell("detached %d", pthread_create(&t, &attr, posts, NULL));
	while (sem_wait(&sem))
		;
	tell("invalid: %d", pthread_attr_setstacksize(&attr, 1) == EINVAL);
	tell("ok");
	return 0;
}

/* --- cancellation ------------------------------------------------------------------------ */

static int ends[2];

static void cleans(void *what)
{
	tell("cleaned up %s", (char *)what);
}

static void *reads(void *unused)
{
	char byte;

	pthread_cleanup_push(cleans, "read");
	sem_post(&sem);
	if (read(ends[0], &byte, 1) < 0)
		tell("read: %d", errno);
	pthread_cleanup_pop(0);
	return unused;
}

static void unlocks(void *m)
{
	tell("unlocked %d", pthread_mutex_unlock(m));
}

static void *waits(void *unused)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlocks, &mutex);
	sem_post(&sem);
	for (;;)
		pthread_cond_wait(&cond, &mutex);
	pthread_cleanup_pop(0);
	return unused;
}

static void *spins(void *unused)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	sem_post(&sem);
	for (;;)
		__asm__ volatile("" ::: "memory");
	return unused;
}

static void *refuses(void *unused)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	sem_post(&sem);
	usleep(50000);
	pthread_testcancel();
	tell("not yet");
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	return unused;
}

static void *at_once(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* Says so when it is over: the other one has things to say, too. */
static void cancel(pthread_t t)
{
	int error = pthread_cancel(t);
	long value = join(t);

	tell("cancel %d, cancelled: %d", error, value == (long)PTHREAD_CANCELED);
}

static int show_cancels(void)
{
	static void *(*const victims[])(void *) = { reads, waits, spins, refuses };
	pthread_t t;
	size_t i;

	if (pipe(ends))
		return 1;
	sem_init(&sem, 0, 0);
	for (i = 0; i < 4; i++) {
		t = start(victims[i], NULL);
		sem_wait(&sem);
		meaning_scheduled();
		cancel(t);
	}
	cancel(start(at_once, NULL));
	tell("free: %d", pthread_mutex_trylock(&mutex) == 0);
	tell("ok");
	return 0;
}

/* --- many ------------------------------------------------------------------------------ */

static void *one_of_many(void *unused)
{
	pthread_mutex_lock(&mutex);
	count++;
	pthread_mutex_unlock(&mutex);
	usleep(1000);
	return unused;
}

static int show_many(void)
{
	pthread_t t[200];
	int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 200; i++)
			t[i] = start(one_of_many, NULL);
		for (i = 0; i < 200; i++)
			join(t[i]);
	}
	tell("%d", count);
	tell("ok");
	return 0;
}

static const struct meaning meanings[] = {
	{ "mutexes", show_mutexes },
	{ "conds", show_conds },
	{ "meetings", show_meetings },
	{ "shared", show_shared },
	{ "lives", show_lives },
	{ "cancels", show_cancels },
	{ "many", show_many },
	{ NULL, NULL },
};

int helper_main(int argc, char **argv)
{
	return meaning_show(meanings, argc, argv);
}

START_TEST(mutexes)
{
	meaning_is_kept("preload_threads", "mutexes");
}
END_TEST

START_TEST(conds)
{
	meaning_is_kept("preload_threads", "conds");
}
END_TEST

START_TEST(meetings)
{
	meaning_is_kept("preload_threads", "meetings");
}
END_TEST

START_TEST(shared)
{
	meaning_is_kept("preload_threads", "shared");
}
END_TEST

START_TEST(lives)
{
	meaning_is_kept("preload_threads", "lives");
}
END_TEST

START_TEST(cancels)
{
	meaning_is_kept("preload_threads", "cancels");
}
END_TEST

START_TEST(many)
{
	meaning_is_kept("preload_threads", "many");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("preload_threads");

	ADD(s, mutexes, 60);
	ADD(s, conds, 60);
	ADD(s, meetings, 60);
	ADD(s, shared, 60);
	ADD(s, lives, 60);
	ADD(s, cancels, 60);
	ADD(s, many, 60);
	return s;
}
