// SPDX-License-Identifier: GPL-2.0-only
/*
 * libumcg-runtime: servers share libc with workers that may be stopped anywhere, with any
 * of its locks. So what allocates or locks is wrapped here, and aborts in a server. And
 * what fails for lack of memory fails cleanly.
 */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
/* libs: -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "libc_malloc.h"
#include "runtime.h"
#include "suite.h"

#define WORKERS	8
#define ROUNDS	fewer(64)

/* From when all servers have started until they are to end. */
static int armed;
static int no_memory;
static unsigned long calls;

static __thread int is_server __attribute__((tls_model("initial-exec"))); /* 0: unknown */

static void look(void)
{
	char name[16] = "";

	if (!__atomic_load_n(&armed, __ATOMIC_SEQ_CST))
		return;
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (!is_server) {
		prctl(PR_GET_NAME, name, 0, 0, 0);
		is_server = strncmp(name, "umcg-server/", 12) ? 1 : 2;
	}
	if (is_server == 2)
		abort();
}

static int fails(void)
{
	return __atomic_load_n(&no_memory, __ATOMIC_SEQ_CST);
}

void *malloc(size_t size)
{
	look();
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	look();
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	look();
	return fails() ? NULL : __libc_realloc(p, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	look();
	return fails() ? NULL : __libc_memalign(alignment, size);
}

void free(void *p)
{
	look();
	__libc_free(p);
}

/* The next one of that name: libc's. */
#define CALL_NEXT(name, ...)                                              \
	__extension__({                                                   \
		static __typeof__(name) *next_;                           \
		look();                                                   \
		if (!next_)                                               \
			*(void **)&next_ = dlsym(RTLD_NEXT, #name);       \
		next_(__VA_ARGS__);                                       \
	})

int pthread_mutex_lock(pthread_mutex_t *m)
{
	return CALL_NEXT(pthread_mutex_lock, m);
}

int pthread_mutex_trylock(pthread_mutex_t *m)
{
	return CALL_NEXT(pthread_mutex_trylock, m);
}

int pthread_mutex_unlock(pthread_mutex_t *m)
{
	return CALL_NEXT(pthread_mutex_unlock, m);
}

int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	return CALL_NEXT(pthread_rwlock_rdlock, l);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	return CALL_NEXT(pthread_rwlock_wrlock, l);
}

int pthread_once(pthread_once_t *once, void (*fn)(void))
{
	return CALL_NEXT(pthread_once, once, fn);
}

/* ---- what servers are given to do -------------------------------------------- */

static struct umcg_rt *rt;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Everything that makes a server do something, with libc's locks in its hands. */
static void *use_libc(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	void *p[16] = { NULL };
	FILE *f;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		void **slot = &p[rand_r(&seed) % 16];

		free(*slot);
		*slot = malloc(rand_r(&seed) % 100000);
		expect(!pthread_mutex_lock(&mutex));
		if (i % 8 == 0)
			umcg_rt_yield();
		expect(!pthread_mutex_unlock(&mutex));
		if (i % 16 == 3)
			umcg_rt_sleep_until(now() + 100 * USEC);
		if (i % 16 == 7)
			sleep_ns(50 * USEC);
		if (i % 64 == 9) {
			f = fopen("/proc/self/stat", "r");
			expect(f);
			fclose(f);
		}
	}
	for (int i = 0; i < 16; i++)
		free(p[i]);
	return NULL;
}

static void on_stall(const struct umcg_rt_stall *stall, void *arg)
{
	(void)stall;
	(void)arg;
	free(malloc(1));
}

static void *exit_in_it(void *arg)
{
	use_libc(arg);
	pthread_exit(arg);
}

START_TEST(servers_neither_allocate_nor_lock)
{
	static const char *const names[] = { "fifo", "lifo", "prio", "edf", "random" };
	struct umcg_rt_thread *t[WORKERS];
	struct umcg_rt_attr attr = {
		.servers = 2,
		.policy = umcg_rt_policy_by_name(names[_i]),
		.slice_ns = 200000,
		.stall_ns = 5 * MSEC,
		.on_stall = on_stall,
	};

	rt = runtime_start_with(&attr);
	__atomic_store_n(&armed, 1, __ATOMIC_SEQ_CST);
	for (long round = 0; round < 2; round++) {
		for (long i = 0; i < WORKERS; i++) {
			struct umcg_rt_thread_attr a = { .priority = i % 4,
							 .deadline = i % 3 };

			t[i] = runtime_spawn(rt, &a, i % 4 ? use_libc : exit_in_it,
					     (void *)i);
		}
		for (int i = 0; i < WORKERS; i++)
			runtime_join(t[i]);
	}
	__atomic_store_n(&armed, 0, __ATOMIC_SEQ_CST);
	ck_assert_uint_ge(calls, 2 * WORKERS * ROUNDS * 4);
	runtime_end(rt);
}
END_TEST

static void allocate_in_a_policy(void *queue, struct umcg_rt_worker *w,
				 enum umcg_rt_why why)
{
	free(malloc(1));
	umcg_rt_fifo.enqueue(queue, w, why);
}

/* That the test above would see it. */
START_TEST(a_server_that_allocates_is_seen)
{
	struct umcg_rt_policy bad = umcg_rt_fifo;
	int status;
	pid_t child;

	bad.enqueue = allocate_in_a_policy;
	child = fork();
	expect(child >= 0);
	if (!child) {
		rt = runtime_start(1, &bad);
		__atomic_store_n(&armed, 1, __ATOMIC_SEQ_CST);
		runtime_join(runtime_spawn(rt, NULL, use_libc, NULL));
		_exit(0);
	}
	expect_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

START_TEST(no_memory_is_an_error)
{
	struct umcg_rt_thread *t;
	int error;

	__atomic_store_n(&no_memory, 1, __ATOMIC_SEQ_CST);
	error = umcg_rt_create(&rt, NULL);
	__atomic_store_n(&no_memory, 0, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(error, -ENOMEM);
	rt = runtime_start(1, NULL);
	errno = 0;
	__atomic_store_n(&no_memory, 1, __ATOMIC_SEQ_CST);
	error = umcg_rt_spawn(rt, &t, NULL, use_libc, NULL);
	__atomic_store_n(&no_memory, 0, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(error, -ENOMEM);
	ck_assert_int_eq(errno, 0);
	ck_assert_uint_eq(umcg_rt_workers(rt), 0);
	runtime_end(rt);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_server_libc");

	ADD_LOOP(s, servers_neither_allocate_nor_lock, 60, 5);
	ADD(s, a_server_that_allocates_is_seen, 20);
	ADD(s, no_memory_is_an_error, 20);
	return s;
}
