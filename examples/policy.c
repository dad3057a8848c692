// SPDX-License-Identifier: MIT
/*
 * policy.c - a policy of one's own, for libumcg-runtime: a fair share for each tenant
 *
 * Each thread belongs to a tenant, named by its user word. Whoever has had the least time
 * so far is next, however many threads it has: here one tenant has one thread, the other
 * has nine, and each gets half of the processor.
 *
 * Servers call the functions, under the queue's lock. They allocate nothing, lock nothing
 * and print nothing, as a worker may be stopped in malloc() or printf().
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <umcg_runtime.h>

#define TENANTS	2
#define THREADS	10

struct tenant {
	struct umcg_rt_worker *first, *last;
	__u64 had_ns;
};

static struct tenant tenants[TENANTS];

static void enqueue(void *queue, struct umcg_rt_worker *w, enum umcg_rt_why why)
{
	struct tenant *t = w->user;

	(void)queue;
	(void)why;
	w->next = NULL;
	if (t->first)
		t->last->next = w;
	else
		t->first = w;
	t->last = w;
}

static struct umcg_rt_worker *pick(void *queue, __u64 now)
{
	struct tenant *least = NULL;
	struct umcg_rt_worker *w;

	(void)queue;
	(void)now;
	for (struct tenant *t = tenants; t < tenants + TENANTS; t++)
		if (t->first && (!least || t->had_ns < least->had_ns))
			least = t;
	w = least ? least->first : NULL;
	if (w)
		least->first = w->next;
	return w;
}

static void stopped(void *queue, struct umcg_rt_worker *w, enum umcg_rt_stop why)
{
	(void)queue;
	(void)why;
	((struct tenant *)w->user)->had_ns += w->ran_ns;
}

static const struct umcg_rt_policy fair_share = {
	.name = "fair share",
	.flags = UMCG_RT_ONE_QUEUE,
	.queue_size = 1, /* the tenants are the queue */
	.enqueue = enqueue,
	.pick = pick,
	.stopped = stopped,
};

static void *spin(void *unused)
{
	for (clock_t end = clock() + CLOCKS_PER_SEC / 2; clock() < end;)
		;
	return unused;
}

int main(void)
{
	struct umcg_rt_attr attr = { .servers = 1, .policy = &fair_share };
	struct umcg_rt *rt;
	int error = umcg_rt_create(&rt, &attr);

	if (error) {
		fprintf(stderr, "policy: umcg_rt_create: %s\n", strerror(-error));
		return 1;
	}
	for (int i = 0; i < THREADS; i++) {
		struct umcg_rt_thread_attr who = { .user = &tenants[i > 0] };

		umcg_rt_spawn(rt, NULL, &who, spin, NULL);
	}
	umcg_rt_destroy(rt);
	for (int i = 0; i < TENANTS; i++)
		printf("tenant %d had %3lu ms\n", i, (unsigned long)(tenants[i].had_ns / 1000000));
	return 0;
}
