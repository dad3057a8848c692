// SPDX-License-Identifier: MIT
/*
 * The watchdog: a plain thread that looks for workers which are runnable and not run. It
 * asks the slots, where the kernel itself says since when: servers that do nothing, and
 * so have not even seen the worker, are what it is for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "internal.h"

#define LOOKS		4	/* in each time that is a stall */
#define SPARE_SLOTS	64	/* of the dead, which are not given out yet */

/*
 * Who is new has told the kernel its name, who is spare no more only the record. While
 * that says so the entry is there: no server has begun with it, under this lock.
 */
static bool name_in_record(struct record *r, __u32 gen, char name[UMCG_RT_NAME_MAX])
{
	const struct entry *renew;
	bool known;

	rt_lock(&r->lock);
	renew = __atomic_load_n(&r->renew, __ATOMIC_ACQUIRE);
	known = r->gen == gen && (renew || r->live);
	if (known)
		memcpy(name, renew ? renew->name : r->w.name, UMCG_RT_NAME_MAX);
	rt_unlock(&r->lock);
	return known;
}

static void name_in_kernel(__u32 tid, char name[UMCG_RT_NAME_MAX])
{
	char path[64];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%u/comm", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, name, UMCG_RT_NAME_MAX - 1);
		close(fd);
	}
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

static void look_at(struct umcg_rt *rt, __u32 slot)
{
	const struct umcg_task *t = umcg_slot(rt->group, slot);
	struct record *r = rt_record(rt, slot);
	__u32 state = umcg_state(t);
	struct umcg_rt_stall stall;
	__u64 since, now;

	if (UMCG_STATE(state) != UMCG_TASK_RUNNABLE || (state & UMCG_TF_PARKED))
		return;
	since = __atomic_load_n(&t->runnable_ts, __ATOMIC_RELAXED);
	now = rt_now();
	/* looked at again: the time is of this wait */
	if (!since || now < since || now - since < rt->stall_ns || r->told == since ||
	    umcg_state(t) != state)
		return;
	r->told = since;
	stall.tid = __atomic_load_n(&t->tid, __ATOMIC_RELAXED);
	stall.waited_ns = now - since;
	if (!name_in_record(r, __atomic_load_n(&t->gen, __ATOMIC_RELAXED), stall.name))
		name_in_kernel(stall.tid, stall.name);
	rt->on_stall(&stall, rt->stall_arg);
}

void *rt_watchdog_main(void *arg)
{
	struct umcg_rt *rt = arg;
	__u64 pause = rt->stall_ns / LOOKS + 1;
	__u32 end;

	prctl(PR_SET_NAME, "umcg-watchdog", 0, 0, 0);
	while (!__atomic_load_n(&rt->watchdog_stops, __ATOMIC_ACQUIRE)) {
		rt_futex_wait(&rt->watchdog_stops, 0, rt_now() + pause);
		end = 1 + rt->server_count + SPARE_SLOTS +
		      __atomic_load_n(&rt->threads_peak, __ATOMIC_RELAXED);
		for (__u32 i = 1; i < end && i < rt->slots_max; i++)
			look_at(rt, i);
	}
	return NULL;
}
