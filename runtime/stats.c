// SPDX-License-Identifier: MIT
/* Counters: servers add to them, anybody reads them. */
#include <errno.h>

#include "internal.h"

#define COUNTERS	11

#define BEFORE		offsetof(struct umcg_rt_stats, runs)

_Static_assert(sizeof(struct umcg_rt_stats) == BEFORE + COUNTERS * sizeof(__u64),
	       "the counters are all that is behind the first");

/* Of a worker two servers may add at the same time: one it stopped at, one that runs it. */
void rt_stats_add(__u64 *counter, __u64 n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

void rt_stats_max(__u64 *counter, __u64 n)
{
	if (__atomic_load_n(counter, __ATOMIC_RELAXED) < n)
		__atomic_store_n(counter, n, __ATOMIC_RELAXED);
}

static void copy(struct umcg_rt_stats *to, const struct umcg_rt_stats *from)
{
	const __u64 *source = &from->runs;
	__u64 *target = &to->runs;

	to->tid = __atomic_load_n(&from->tid, __ATOMIC_RELAXED);
	for (int i = 0; i < UMCG_RT_NAME_MAX; i++)
		to->name[i] = __atomic_load_n(&from->name[i], __ATOMIC_RELAXED);
	for (int i = 0; i < COUNTERS; i++)
		target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

void rt_stats_end(struct umcg_rt *rt, const struct umcg_rt_stats *stats)
{
	struct ended *e;

	rt_lock(&rt->ended_lock);
	e = &rt->ended[rt->ended_count % ENDED_MAX];
	__atomic_store_n(&e->seq, e->seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	copy(&e->stats, stats);
	__atomic_store_n(&e->seq, e->seq + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&rt->ended_count, rt->ended_count + 1, __ATOMIC_RELEASE);
	rt_unlock(&rt->ended_lock);
}

/* False: it was written meanwhile, so another has ended, and this one is too old. */
static bool read_ended(const struct ended *e, struct umcg_rt_stats *stats)
{
	__u32 seq = __atomic_load_n(&e->seq, __ATOMIC_ACQUIRE);

	if (seq % 2)
		return false;
	copy(stats, &e->stats);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&e->seq, __ATOMIC_RELAXED) == seq;
}

UMCG_PUBLIC __u32 umcg_rt_servers(const struct umcg_rt *rt)
{
	return rt->server_count;
}

UMCG_PUBLIC __u32 umcg_rt_workers(const struct umcg_rt *rt)
{
	return rt_is_ours(rt) ? __atomic_load_n(&rt->alive, __ATOMIC_RELAXED) : 0;
}

UMCG_PUBLIC int umcg_rt_server_stats(const struct umcg_rt *rt, __u32 server,
				     struct umcg_rt_stats *stats)
{
	if (!rt_is_ours(rt))
		return -ESHUTDOWN;
	if (server >= rt->server_count)
		return -EINVAL;
	copy(stats, &rt->servers[server].stats);
	return 0;
}

UMCG_PUBLIC int umcg_rt_self_stats(struct umcg_rt_stats *stats)
{
	struct self *self = rt_self();

	if (!self)
		return -EPERM;
	copy(stats, &self->record->stats);
	return 0;
}

static int each_ended(const struct umcg_rt *rt,
		      int (*each)(const struct umcg_rt_stats *stats, void *arg), void *arg)
{
	__u64 count = __atomic_load_n(&rt->ended_count, __ATOMIC_ACQUIRE);
	__u64 first = count > ENDED_MAX ? count - ENDED_MAX : 0;
	struct umcg_rt_stats stats;
	int ret = 0;

	for (__u64 i = first; i < count && !ret; i++)
		if (read_ended(&rt->ended[i % ENDED_MAX], &stats))
			ret = each(&stats, arg);
	return ret;
}

UMCG_PUBLIC int umcg_rt_each_worker(const struct umcg_rt *rt,
				    int (*each)(const struct umcg_rt_stats *stats, void *arg),
				    void *arg)
{
	struct umcg_rt_stats stats;
	__u32 end;
	int ret;

	if (!rt_is_ours(rt))
		return -ESHUTDOWN;
	ret = each_ended(rt, each, arg);
	end = __atomic_load_n(&rt->slots_seen, __ATOMIC_ACQUIRE);
	for (__u32 i = 1; i < end && !ret; i++) {
		const struct record *r = &rt->records[i];

		if (!__atomic_load_n(&r->live, __ATOMIC_ACQUIRE))
			continue;
		copy(&stats, &r->stats);
		ret = each(&stats, arg);
	}
	return ret;
}
