// SPDX-License-Identifier: MIT
/* Making a runtime, and taking it apart. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define SERVER_STACK	(256UL * 1024)
#define SLICE_MIN	100000ULL
#define SLICE_MAX	((1ULL << 47) - 1)
#define SPARE_DEFAULT	64U

/* ---- counts ------------------------------------------------------------------- */

bool rt_reserve_thread(struct umcg_rt *rt)
{
	__u32 peak, n = __atomic_add_fetch(&rt->threads, 1, __ATOMIC_RELAXED);

	if (n > rt->limit) {
		rt_release_thread(rt);
		return false;
	}
	peak = __atomic_load_n(&rt->threads_peak, __ATOMIC_RELAXED);
	while (n > peak)
		if (__atomic_compare_exchange_n(&rt->threads_peak, &peak, n, true,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			break;
	return true;
}

void rt_release_thread(struct umcg_rt *rt)
{
	__atomic_sub_fetch(&rt->threads, 1, __ATOMIC_RELAXED);
}

void rt_worker_comes(struct umcg_rt *rt)
{
	__atomic_add_fetch(&rt->alive, 1, __ATOMIC_RELAXED);
}

/* Release: who finds that there is none left finds all that servers did. */
void rt_worker_gone(struct umcg_rt *rt)
{
	if (!__atomic_sub_fetch(&rt->alive, 1, __ATOMIC_RELEASE))
		rt_futex_wake_all(&rt->alive);
}

/* ---- memory ------------------------------------------------------------------- */

/* Zeroes, which take no memory before they are touched. */
static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static size_t records_size(const struct umcg_rt *rt)
{
	return rt->slots_max * sizeof(struct record);
}

static size_t servers_size(const struct umcg_rt *rt)
{
	return rt->server_count * (sizeof(struct server) + sizeof(struct queue)) +
	       ENDED_MAX * sizeof(struct ended);
}

static size_t queue_size(const struct umcg_rt *rt)
{
	return (rt->policy->queue_size + CACHE_LINE) / CACHE_LINE * CACHE_LINE;
}

static size_t queues_size(const struct umcg_rt *rt)
{
	return rt->queue_count * queue_size(rt);
}

static int map_mark(struct umcg_rt *rt)
{
	__u32 *mark = map(sizeof(*mark));

	if (!mark)
		return -ENOMEM;
	rt->mark = mark;
	if (madvise(mark, sizeof(*mark), MADV_WIPEONFORK))
		return -errno;
	*mark = 1;
	return 0;
}

static int map_all(struct umcg_rt *rt)
{
	char *queues;

	rt->records = map(records_size(rt));
	rt->servers = map(servers_size(rt));
	queues = map(queues_size(rt));
	if (!rt->records || !rt->servers || !queues) {
		if (queues)
			munmap(queues, queues_size(rt));
		return -ENOMEM;
	}
	rt->queues = (struct queue *)(rt->servers + rt->server_count);
	rt->ended = (struct ended *)(rt->queues + rt->server_count);
	for (__u32 i = 0; i < rt->queue_count; i++)
		rt->queues[i].data = queues + i * queue_size(rt);
	return map_mark(rt);
}

static void unmap_all(struct umcg_rt *rt)
{
	if (rt->queues)
		munmap(rt->queues[0].data, queues_size(rt));
	if (rt->servers)
		munmap(rt->servers, servers_size(rt));
	if (rt->records)
		munmap(rt->records, records_size(rt));
	if (rt->mark)
		munmap((void *)rt->mark, sizeof(*rt->mark));
}

static void rt_free(struct umcg_rt *rt)
{
	umcg_close(rt->group);
	unmap_all(rt);
	free(rt);
}

/* ---- threads of the runtime's own ----------------------------------------------- */

int rt_start_thread(pthread_t *thread, size_t stack, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int error;

	pthread_attr_init(&attr);
	if (stack)
		pthread_attr_setstacksize(&attr, stack);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, &attr, run, arg);
	/* a stack that has no room for the thread's variables */
	if (error == EINVAL)
		error = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -error;
}

static int start_server(struct umcg_rt *rt, __u32 index)
{
	struct server *s = &rt->servers[index];
	void *result = NULL;
	int error;

	s->rt = rt;
	s->index = index;
	s->queue = &rt->queues[index % rt->queue_count];
	error = rt_start_thread(&s->thread, SERVER_STACK, rt_server_main, s);
	if (error)
		return error;
	umcg_join_wait(&s->started, &result, 0);
	if (result)
		pthread_join(s->thread, NULL);
	return (int)(intptr_t)result;
}

static void stop_servers(struct umcg_rt *rt, __u32 count)
{
	__atomic_store_n(&rt->stopping, 1, __ATOMIC_SEQ_CST);
	for (__u32 i = 0; i < count; i++)
		umcg_kick(rt->group, rt->servers[i].tid, 0);
	for (__u32 i = 0; i < count; i++)
		pthread_join(rt->servers[i].thread, NULL);
}

static void stop_watchdog(struct umcg_rt *rt)
{
	__atomic_store_n(&rt->watchdog_stops, 1, __ATOMIC_RELEASE);
	rt_futex_wake_all(&rt->watchdog_stops);
	pthread_join(rt->watchdog, NULL);
}

static int start_all(struct umcg_rt *rt)
{
	int error = 0;
	__u32 i;

	for (i = 0; i < rt->queue_count; i++)
		if (rt->policy->init)
			rt->policy->init(rt->queues[i].data, rt->seed);
	for (i = 0; i < rt->server_count; i++) {
		error = start_server(rt, i);
		if (error)
			break;
	}
	if (!error && rt->stall_ns)
		error = rt_start_thread(&rt->watchdog, 0, rt_watchdog_main, rt);
	if (error)
		stop_servers(rt, i);
	return error;
}

/* ---- what is wanted ------------------------------------------------------------- */

static __u32 cpus(void)
{
	cpu_set_t set;
	long n;

	if (!sched_getaffinity(0, sizeof(set), &set))
		return (__u32)CPU_COUNT(&set);
	/* more of them than the set has room for */
	n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : (__u32)n;
}

static bool is_valid(const struct umcg_rt_attr *a)
{
	const struct umcg_rt_policy *p = a->policy;

	if (a->flags || a->pad || a->servers > UMCG_RT_SERVERS_MAX)
		return false;
	if (a->slice_ns && a->slice_ns != UMCG_RT_NO_SLICE &&
	    (a->slice_ns < SLICE_MIN || a->slice_ns > SLICE_MAX))
		return false;
	if (a->stall_ns && !a->on_stall)
		return false;
	return !p || (p->enqueue && p->pick && !(p->flags & ~UMCG_RT_ONE_QUEUE));
}

static void take_attr(struct umcg_rt *rt, const struct umcg_rt_attr *a)
{
	__u32 n = a->servers ? a->servers : cpus();

	rt->policy = a->policy ? a->policy : &umcg_rt_fifo;
	rt->server_count = n < UMCG_RT_SERVERS_MAX ? n : UMCG_RT_SERVERS_MAX;
	rt->queue_count = rt->policy->flags & UMCG_RT_ONE_QUEUE ? 1 : rt->server_count;
	rt->seed = a->seed;
	rt->slice_ns = a->slice_ns ? a->slice_ns : UMCG_RT_SLICE_DEFAULT;
	if (a->slice_ns == UMCG_RT_NO_SLICE)
		rt->slice_ns = 0;
	rt->stall_ns = a->stall_ns;
	rt->on_stall = a->on_stall;
	rt->stall_arg = a->arg;
	rt->spare_max = a->spare ? a->spare : SPARE_DEFAULT;
}

static int open_group(struct umcg_rt *rt)
{
	int error = umcg_open(&rt->group);
	struct umcg_query q;

	if (error)
		return error;
	umcg_query(rt->group, &q);
	rt->slots_max = q.slots_max < SLOTS_MAX ? q.slots_max : SLOTS_MAX;
	/* but for the group's own, and the servers' */
	rt->limit = rt->slots_max > 1 + rt->server_count ?
		    rt->slots_max - 1 - rt->server_count : 0;
	return 0;
}

UMCG_PUBLIC int umcg_rt_create(struct umcg_rt **out, const struct umcg_rt_attr *attr)
{
	static const struct umcg_rt_attr defaults;
	int error, saved = errno;
	struct umcg_rt *rt;

	*out = NULL;
	rt_self();
	if (!attr)
		attr = &defaults;
	if (!is_valid(attr))
		return -EINVAL;
	rt = aligned_alloc(CACHE_LINE, sizeof(*rt));
	if (!rt) {
		errno = saved;
		return -ENOMEM;
	}
	*rt = (struct umcg_rt){ .group = NULL };
	take_attr(rt, attr);
	error = open_group(rt);
	if (!error)
		error = map_all(rt);
	if (!error)
		error = start_all(rt);
	if (error)
		rt_free(rt);
	else
		*out = rt;
	errno = saved;
	return error;
}

static void wait_for_workers(struct umcg_rt *rt)
{
	__u32 n;

	/* acquire: pairs with rt_worker_gone() */
	while ((n = __atomic_load_n(&rt->alive, __ATOMIC_ACQUIRE)))
		rt_futex_wait(&rt->alive, n, 0);
}

UMCG_PUBLIC int umcg_rt_destroy(struct umcg_rt *rt)
{
	int saved = errno;

	if (!rt)
		return 0;
	if (umcg_rt_self() == rt)
		return -EDEADLK;
	if (rt_is_ours(rt)) {
		wait_for_workers(rt);
		if (rt->stall_ns)
			stop_watchdog(rt);
		rt_threads_end(rt);
		stop_servers(rt, rt->server_count);
	} else {
		rt_handles_free(rt);
	}
	rt_free(rt);
	errno = saved;
	return 0;
}

UMCG_PUBLIC struct umcg_group *umcg_rt_group(const struct umcg_rt *rt)
{
	return rt->group;
}
