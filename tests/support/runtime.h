/* SPDX-License-Identifier: GPL-2.0-only */
/* runtime.h - libumcg-runtime, which works or the test has failed */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <umcg_runtime.h>

/* So many servers, that policy, and nobody is preempted but by the policy. */
struct umcg_rt *runtime_start(__u32 servers, const struct umcg_rt_policy *policy);
struct umcg_rt *runtime_start_with(const struct umcg_rt_attr *attr);
void runtime_end(struct umcg_rt *rt);

struct umcg_rt_thread *runtime_spawn(struct umcg_rt *rt,
				     const struct umcg_rt_thread_attr *attr,
				     void *(*fn)(void *), void *arg);
void *runtime_join(struct umcg_rt_thread *t);

/* How many workers are runnable and not run, wherever they are queued. */
unsigned int runtime_runnable(struct umcg_rt *rt);

/* The same, when it is seen to have become runnable. */
struct umcg_rt_thread *runtime_hire(struct umcg_rt *rt,
				    const struct umcg_rt_thread_attr *attr,
				    void *(*fn)(void *), void *arg);

/**
 * struct gate - a worker that keeps a server busy, without a call, until it is opened
 * @inside: it runs
 */
struct gate {
	struct umcg_rt_thread *thread;
	int inside;
	int open;
};

void gate_close(struct gate *g, struct umcg_rt *rt, const struct umcg_rt_thread_attr *attr);
void gate_open(struct gate *g);

#endif /* RUNTIME_H */
