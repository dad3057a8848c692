// SPDX-License-Identifier: GPL-2.0-only
#include "clock.h"
#include "runtime.h"
#include "suite.h"

#define SLOTS	1024 /* that the tests which look at them use */

struct umcg_rt *runtime_start_with(const struct umcg_rt_attr *attr)
{
	struct umcg_rt *rt;
	int error = umcg_rt_create(&rt, attr);

	if (error)
		ck_abort_msg("umcg_rt_create: %d", error);
	return rt;
}

struct umcg_rt *runtime_start(__u32 servers, const struct umcg_rt_policy *policy)
{
	struct umcg_rt_attr attr = {
		.servers = servers,
		.policy = policy,
		.slice_ns = UMCG_RT_NO_SLICE,
	};

	return runtime_start_with(&attr);
}

void runtime_end(struct umcg_rt *rt)
{
	expect_eq(umcg_rt_destroy(rt), 0);
}

struct umcg_rt_thread *runtime_spawn(struct umcg_rt *rt,
				     const struct umcg_rt_thread_attr *attr,
				     void *(*fn)(void *), void *arg)
{
	struct umcg_rt_thread *t;
	int error = umcg_rt_spawn(rt, &t, attr, fn, arg);

	if (error)
		ck_abort_msg("umcg_rt_spawn: %d", error);
	return t;
}

void *runtime_join(struct umcg_rt_thread *t)
{
	void *value;

	expect_eq(umcg_rt_join(t, &value), 0);
	return value;
}

unsigned int runtime_runnable(struct umcg_rt *rt)
{
	unsigned int n = 0;

	for (__u32 i = 1; i < SLOTS; i++) {
		__u32 state = umcg_state(umcg_slot(umcg_rt_group(rt), i));

		n += UMCG_STATE(state) == UMCG_TASK_RUNNABLE && !(state & UMCG_TF_PARKED);
	}
	return n;
}

struct umcg_rt_thread *runtime_hire(struct umcg_rt *rt,
				    const struct umcg_rt_thread_attr *attr,
				    void *(*fn)(void *), void *arg)
{
	unsigned int before = runtime_runnable(rt);
	struct umcg_rt_thread *t = runtime_spawn(rt, attr, fn, arg);

	wait_for(runtime_runnable(rt) == before + 1);
	return t;
}

static void *stand(void *arg)
{
	struct gate *g = arg;

	__atomic_store_n(&g->inside, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&g->open, __ATOMIC_SEQ_CST))
		cpu_relax();
	return NULL;
}

void gate_close(struct gate *g, struct umcg_rt *rt, const struct umcg_rt_thread_attr *attr)
{
	g->inside = 0;
	g->open = 0;
	g->thread = runtime_spawn(rt, attr, stand, g);
	wait_for(__atomic_load_n(&g->inside, __ATOMIC_SEQ_CST));
}

void gate_open(struct gate *g)
{
	__atomic_store_n(&g->open, 1, __ATOMIC_SEQ_CST);
	runtime_join(g->thread);
}
