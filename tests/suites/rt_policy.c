// SPDX-License-Identifier: GPL-2.0-only
/*
 * libumcg-runtime: the order in which each policy runs workers, on one server; whom it
 * preempts; and what a policy of the application's own is told.
 */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#include <string.h>

#include "clock.h"
#include "runtime.h"
#include "suite.h"

static struct umcg_rt *rt;
static char order[128];
static unsigned int places;

/* One server: one after the other. */
static void note_turn(const void *name)
{
	order[places++] = *(const char *)name;
	expect(places < sizeof(order));
}

static void *once(void *name)
{
	note_turn(name);
	return NULL;
}

static void *twice(void *name)
{
	note_turn(name);
	expect_eq(umcg_rt_yield(), 0);
	note_turn(name);
	return NULL;
}

static void begin(const struct umcg_rt_policy *policy, __u64 seed)
{
	struct umcg_rt_attr attr = {
		.servers = 1,
		.policy = policy,
		.slice_ns = UMCG_RT_NO_SLICE,
		.seed = seed,
	};

	memset(order, 0, sizeof(order));
	places = 0;
	rt = runtime_start_with(&attr);
}

/*
 * While the gate is closed all of @names come, in that order, as @attr has them; then it
 * is opened, and they run.
 */
static void run_all(const char *names, const struct umcg_rt_thread_attr *attr,
		    void *(*fn)(void *))
{
	static const struct umcg_rt_thread_attr first = {
		.priority = 1000,
		.deadline = 1,
	};
	struct umcg_rt_thread *t[16];
	int n = (int)strlen(names);
	struct gate gate;

	gate_close(&gate, rt, &first);
	for (int i = 0; i < n; i++)
		t[i] = runtime_hire(rt, attr ? &attr[i] : NULL, fn, (void *)&names[i]);
	gate_open(&gate);
	for (int i = 0; i < n; i++)
		runtime_join(t[i]);
	runtime_end(rt);
}

START_TEST(fifo)
{
	begin(&umcg_rt_fifo, 0);
	run_all("abcde", NULL, twice);
	ck_assert_str_eq(order, "abcdeabcde");
}
END_TEST

START_TEST(fifo_is_the_default)
{
	begin(NULL, 0);
	run_all("abcde", NULL, once);
	ck_assert_str_eq(order, "abcde");
}
END_TEST

/* Who has yielded is behind all others, and the first who did is before the next. */
START_TEST(lifo)
{
	begin(&umcg_rt_lifo, 0);
	run_all("abcde", NULL, twice);
	ck_assert_str_eq(order, "edcbaedcba");
}
END_TEST

START_TEST(prio)
{
	static const struct umcg_rt_thread_attr attr[] = {
		{ .priority = 100 }, { .priority = 300 }, { .priority = -200 },
		{ .priority = 300 }, { .priority = 200 },
	};

	begin(&umcg_rt_prio, 0);
	run_all("abcde", attr, twice);
	/* a priority so much higher is not made up for: who yields is next again */
	ck_assert_uint_eq(strlen(order), 10);
	ck_assert_str_eq(order + 4, "eeaacc");
	order[4] = '\0';
	ck_assert_str_eq(order, "bdbd");
}
END_TEST

static void *hire_late(struct umcg_rt_thread **t, int priority, const char *name)
{
	struct umcg_rt_thread_attr attr = { .priority = priority };

	*t = runtime_hire(rt, &attr, once, (void *)name);
	return NULL;
}

/* After 100 ms more the first has grown by ten or more. */
START_TEST(prio_ages)
{
	const struct umcg_rt_thread_attr first = { .priority = 1 << 20 };
	struct umcg_rt_thread *t[4];
	struct gate gate;

	begin(&umcg_rt_prio, 0);
	gate_close(&gate, rt, &first);
	hire_late(&t[0], 0, "a");
	sleep_ns(100 * MSEC);
	hire_late(&t[1], 8, "b");
	hire_late(&t[2], 10000, "c");
	hire_late(&t[3], -10000, "d");
	gate_open(&gate);
	for (int i = 0; i < 4; i++)
		runtime_join(t[i]);
	runtime_end(rt);
	ck_assert_str_eq(order, "cabd");
}
END_TEST

START_TEST(edf)
{
	static const struct umcg_rt_thread_attr attr[] = {
		{ .deadline = 0 }, { .deadline = 500 }, { .deadline = 300 },
		{ .deadline = 0 }, { .deadline = 400 }, { .deadline = ~0ULL },
	};

	begin(&umcg_rt_edf, 0);
	run_all("abcdef", attr, once);
	ck_assert_str_eq(order, "cebadf");
}
END_TEST

static void random_order(__u64 seed, char *result)
{
	begin(&umcg_rt_random, seed);
	run_all("abcdefghijkl", NULL, twice);
	ck_assert_uint_eq(strlen(order), 24);
	strcpy(result, order);
}

/* A page that the first run of all touches may have to be waited for. */
START_TEST(random_is_repeated_by_its_seed)
{
	char warm_up[128], a[128], again[128], b[128];

	random_order(1, warm_up);
	random_order(4711, a);
	random_order(4711, again);
	random_order(4712, b);
	ck_assert_str_eq(a, again);
	ck_assert_str_ne(a, b);
	for (const char *c = "abcdefghijkl"; *c; c++)
		ck_assert(strchr(a, *c) != strrchr(a, *c));
}
END_TEST

START_TEST(policies_have_names)
{
	static const char *const names[] = { "fifo", "lifo", "prio", "edf", "random" };

	for (int i = 0; i < 5; i++)
		ck_assert_str_eq(umcg_rt_policy_by_name(names[i])->name, names[i]);
	ck_assert_ptr_null(umcg_rt_policy_by_name("fif"));
	ck_assert_ptr_null(umcg_rt_policy_by_name(""));
}
END_TEST

/* ---- preemption ----------------------------------------------------------- */

static int stop_spinning, spinning;

static void *spin(void *stats)
{
	__atomic_add_fetch(&spinning, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&stop_spinning, __ATOMIC_SEQ_CST))
		cpu_relax();
	expect_eq(umcg_rt_self_stats(stats), 0);
	return NULL;
}

static void *stop_them(void *unused)
{
	__atomic_store_n(&stop_spinning, 1, __ATOMIC_SEQ_CST);
	return unused;
}

/* Nobody else would end the spinning: without a preemption this never ends. */
static void preempts(const struct umcg_rt_policy *policy, int servers,
		     const struct umcg_rt_thread_attr *attr)
{
	struct umcg_rt_stats stats[4];
	struct umcg_rt_thread *t[4];

	rt = runtime_start(servers, policy);
	for (int i = 0; i < servers; i++) {
		t[i] = runtime_spawn(rt, &attr[i], spin, &stats[i]);
		wait_for(__atomic_load_n(&spinning, __ATOMIC_SEQ_CST) == i + 1);
	}
	runtime_join(runtime_spawn(rt, &attr[servers], stop_them, NULL));
	for (int i = 0; i < servers; i++)
		runtime_join(t[i]);
	runtime_end(rt);
	/* the first is the worst of them; who wakes may wait for a page, and wake again */
	ck_assert_uint_ge(stats[0].preempts, 1);
	for (int i = 1; i < servers; i++)
		ck_assert_uint_eq(stats[i].preempts, 0);
}

START_TEST(prio_preempts_the_lowest)
{
	static const struct umcg_rt_thread_attr attr[] = {
		{ .priority = 1 }, { .priority = 2 }, { .priority = 3 }, { .priority = 4 },
	};

	preempts(&umcg_rt_prio, _i + 1, attr + 2 - _i);
}
END_TEST

START_TEST(edf_preempts_the_latest)
{
	static const struct umcg_rt_thread_attr attr[] = {
		{ .deadline = 0 }, { .deadline = 300 }, { .deadline = 200 },
		{ .deadline = 100 },
	};

	preempts(&umcg_rt_edf, _i + 1, attr + 2 - _i);
}
END_TEST

static void *wait_and_stop_them(void *unused)
{
	umcg_rt_sleep_until(now() + 50 * MSEC);
	return stop_them(unused);
}

/* Not only who is new. */
START_TEST(who_wakes_preempts)
{
	const struct umcg_rt_thread_attr high = { .priority = 1 };
	struct umcg_rt_thread *t[2];
	struct umcg_rt_stats stats;

	rt = runtime_start(1, &umcg_rt_prio);
	t[0] = runtime_spawn(rt, &high, wait_and_stop_them, NULL);
	t[1] = runtime_spawn(rt, NULL, spin, &stats);
	runtime_join(t[0]);
	runtime_join(t[1]);
	runtime_end(rt);
	/* who wakes may wait for a page, and wake again */
	ck_assert_uint_ge(stats.preempts, 1);
}
END_TEST

static void *lower_and_yield(void *name)
{
	note_turn(name);
	expect_eq(umcg_rt_set_priority(-1000), 0);
	expect_eq(umcg_rt_yield(), 0);
	note_turn(name);
	return NULL;
}

START_TEST(priority_changes)
{
	begin(&umcg_rt_prio, 0);
	run_all("abc", NULL, lower_and_yield);
	ck_assert_str_eq(order, "abcabc");
}
END_TEST

static void *later_and_yield(void *name)
{
	note_turn(name);
	expect_eq(umcg_rt_set_deadline(1000 - (*(const char *)name - 'a')), 0);
	expect_eq(umcg_rt_yield(), 0);
	note_turn(name);
	return NULL;
}

START_TEST(deadline_changes)
{
	static const struct umcg_rt_thread_attr attr[] = {
		{ .deadline = 10 }, { .deadline = 11 }, { .deadline = 12 },
	};

	begin(&umcg_rt_edf, 0);
	run_all("abc", attr, later_and_yield);
	ck_assert_str_eq(order, "abccba");
}
END_TEST

/* ---- a policy of our own ---------------------------------------------------- */

struct own {
	struct umcg_rt_worker *first;
	__u64 seed;
};

static __u64 seed_seen;
static unsigned int whys[4], stops[5];
static unsigned int strangers;
static int ours;

static void own_init(void *queue, __u64 seed)
{
	((struct own *)queue)->seed = seed;
	seed_seen = seed;
}

static void own_enqueue(void *queue, struct umcg_rt_worker *w, enum umcg_rt_why why)
{
	struct own *q = queue;

	strangers += w->user != &ours;
	whys[why]++;
	w->next = q->first;
	q->first = w;
}

static struct umcg_rt_worker *own_pick(void *queue, __u64 time)
{
	struct own *q = queue;
	struct umcg_rt_worker *w = q->first;

	(void)time;
	if (w)
		q->first = w->next;
	return w;
}

static void own_stopped(void *queue, struct umcg_rt_worker *w, enum umcg_rt_stop why)
{
	(void)queue;
	(void)w;
	stops[why]++;
}

static const struct umcg_rt_policy own = {
	.name = "own",
	.queue_size = sizeof(struct own),
	.init = own_init,
	.enqueue = own_enqueue,
	.pick = own_pick,
	.stopped = own_stopped,
};

static void *do_it_all(void *unused)
{
	for (int i = 0; i < 3; i++)
		umcg_rt_yield();
	for (int i = 0; i < 2; i++)
		umcg_rt_sleep_until(now() + 10 * MSEC);
	sleep_ns(10 * MSEC);
	return unused;
}

START_TEST(a_policy_is_told_why)
{
	const struct umcg_rt_thread_attr attr = { .user = &ours };

	begin(&own, 42);
	runtime_join(runtime_spawn(rt, &attr, do_it_all, NULL));
	/* the second has the first's thread */
	runtime_join(runtime_spawn(rt, &attr, do_it_all, NULL));
	runtime_end(rt);
	ck_assert_uint_eq(seed_seen, 42);
	ck_assert_uint_eq(strangers, 0);
	ck_assert_uint_eq(whys[UMCG_RT_NEW], 2);
	ck_assert_uint_eq(whys[UMCG_RT_YIELDED], 6);
	ck_assert_uint_eq(whys[UMCG_RT_PREEMPTED], 0);
	/* a page fault may be another */
	ck_assert_uint_ge(whys[UMCG_RT_WOKEN], 6);
	ck_assert_uint_eq(stops[UMCG_RT_STOP_YIELD], 6);
	ck_assert_uint_ge(stops[UMCG_RT_STOP_PARK], 4);
	ck_assert_uint_ge(stops[UMCG_RT_STOP_BLOCK], 2);
	ck_assert_uint_eq(stops[UMCG_RT_STOP_PREEMPT], 0);
	ck_assert_uint_ge(stops[UMCG_RT_STOP_EXIT], 2);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_policy");

	ADD(s, fifo, 20);
	ADD(s, fifo_is_the_default, 20);
	ADD(s, lifo, 20);
	ADD(s, prio, 20);
	ADD(s, prio_ages, 20);
	ADD(s, edf, 20);
	ADD(s, random_is_repeated_by_its_seed, 20);
	ADD(s, policies_have_names, 20);
	ADD_LOOP(s, prio_preempts_the_lowest, 20, 3);
	ADD_LOOP(s, edf_preempts_the_latest, 20, 3);
	ADD(s, who_wakes_preempts, 20);
	ADD(s, priority_changes, 20);
	ADD(s, deadline_changes, 20);
	ADD(s, a_policy_is_told_why, 20);
	return s;
}
