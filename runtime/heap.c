// SPDX-License-Identifier: MIT
/*
 * A pairing heap: @prev is the first child, @next the next sibling. Nothing is ever taken
 * out but the least, so that is all it takes. No recursion: a server's stack is small.
 */
#include "internal.h"

static bool before(const struct umcg_rt_worker *a, const struct umcg_rt_worker *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	return a->runnable_ns <= b->runnable_ns;
}

static struct umcg_rt_worker *merge(struct umcg_rt_worker *a, struct umcg_rt_worker *b)
{
	struct umcg_rt_worker *least = a, *other = b;

	if (!a || !b)
		return a ? a : b;
	if (!before(a, b)) {
		least = b;
		other = a;
	}
	other->next = least->prev;
	least->prev = other;
	return least;
}

/* Pairs from left to right, then all of them from right to left. */
static struct umcg_rt_worker *merge_children(struct umcg_rt_worker *child)
{
	struct umcg_rt_worker *pairs = NULL, *heap = NULL;

	while (child) {
		struct umcg_rt_worker *a = child, *b = child->next;

		child = b ? b->next : NULL;
		a->next = NULL;
		if (b)
			b->next = NULL;
		a = merge(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct umcg_rt_worker *next = pairs->next;

		pairs->next = NULL;
		heap = merge(heap, pairs);
		pairs = next;
	}
	return heap;
}

void rt_heap_put(void *queue, struct umcg_rt_worker *w, __u64 key)
{
	struct umcg_rt_worker **heap = queue;

	w->key = key;
	w->next = NULL;
	w->prev = NULL;
	*heap = merge(*heap, w);
}

struct umcg_rt_worker *rt_heap_pick(void *queue, __u64 now)
{
	struct umcg_rt_worker **heap = queue, *least = *heap;

	(void)now;
	if (least)
		*heap = merge_children(least->prev);
	return least;
}
