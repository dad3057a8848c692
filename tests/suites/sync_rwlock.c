// SPDX-License-Identifier: GPL-2.0-only
/* The reader-writer lock of libumcg-sync: one line, in which nobody overtakes. */
/* vm: --smp 2 */
/* vm: --smp 1 */
/* vm: --smp 4 */
#include <stdlib.h>

#include "clock.h"
#include "crew.h"
#include "mixed.h"
#include "suite.h"

static struct server boss;
static struct umcg_group *group;
static struct umcg_rwlock lock;

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

static long read_once(struct worker *w)
{
	worker_attach(w);
	umcg_rwlock_rdlock(&lock);
	step_set(w, 1);
	worker_park(w);
	expect_eq(umcg_rwlock_unlock(&lock), 0);
	return 0;
}

static long write_a_while(struct worker *w)
{
	int error;

	worker_attach(w);
	error = umcg_rwlock_timedwrlock(&lock, w->arg ? now() + LONG_ENOUGH : 0);
	if (error)
		return error;
	step_set(w, 1);
	worker_park(w);
	expect_eq(umcg_rwlock_unlock(&lock), 0);
	return 0;
}

static void start(struct worker *w, __u32 why)
{
	worker_hire(&boss, w);
	ck_assert_int_eq(server_run(&boss, w), why);
}

/* A writer waits behind readers, readers wait behind it, and come in together. */
START_TEST(one_line)
{
	struct worker r[4] = { { .run = read_once }, { .run = read_once },
			       { .run = read_once }, { .run = read_once } };
	struct worker w = { .run = write_a_while };

	begin();
	ck_assert_int_eq(umcg_rwlock_unlock(&lock), -EPERM);
	start(&r[0], UMCG_CUR_WAIT);
	start(&r[1], UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&r[0]) + step_get(&r[1]), 2);
	start(&w, UMCG_CUR_WAIT);
	start(&r[2], UMCG_CUR_WAIT);
	start(&r[3], UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&w) + step_get(&r[2]) + step_get(&r[3]), 0);
	ck_assert_int_eq(umcg_rwlock_tryrdlock(&lock), -EBUSY);
	ck_assert_int_eq(umcg_rwlock_trywrlock(&lock), -EBUSY);
	server_finish(&boss, &r[0]);
	server_expect_none(&boss);
	server_finish(&boss, &r[1]);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_expect_none(&boss);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&w), 1);
	server_finish(&boss, &w);
	server_expect(&boss, &r[2], UMCG_EV_WAKE);
	server_expect(&boss, &r[3], UMCG_EV_WAKE);
	ck_assert_int_eq(umcg_rwlock_tryrdlock(&lock), 0);
	ck_assert_int_eq(umcg_rwlock_unlock(&lock), 0);
	ck_assert_int_eq(server_run(&boss, &r[2]), UMCG_CUR_WAIT);
	ck_assert_int_eq(server_run(&boss, &r[3]), UMCG_CUR_WAIT);
	server_finish(&boss, &r[2]);
	server_finish(&boss, &r[3]);
	ck_assert_int_eq(umcg_rwlock_trywrlock(&lock), 0);
	ck_assert_int_eq(umcg_rwlock_unlock(&lock), 0);
}
END_TEST

/* A writer that gives up was all that kept the readers behind it waiting. */
START_TEST(writer_gives_up)
{
	struct worker a = { .run = read_once }, b = { .run = read_once };
	struct worker w = { .run = write_a_while, .arg = &w };

	begin();
	start(&a, UMCG_CUR_WAIT);
	worker_hire(&boss, &b);
	start(&w, UMCG_CUR_WAIT);
	server_expect(&boss, &w, UMCG_EV_TIMEOUT);
	/* not before it has said so */
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&b), 0);
	server_finish(&boss, &w);
	ck_assert_int_eq(w.result, -ETIMEDOUT);
	server_expect(&boss, &b, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &b), UMCG_CUR_WAIT);
	ck_assert_uint_eq(step_get(&b), 1);
	server_finish(&boss, &a);
	server_finish(&boss, &b);
}
END_TEST

/* ---- many ------------------------------------------------------------------- */

#define ROUNDS	fewer(400)

static struct mixed mixed;
static int readers, writers, readers_max;
static unsigned long missed;

static void read_or_write(struct actor *a)
{
	unsigned int i;
	int error, n;
	bool write;

	for (i = 0; i < ROUNDS; i++) {
		write = rand_r(&a->seed) % 3 == 0;
		error = write ? umcg_rwlock_timedwrlock(&lock, mixed_timeout(a)) :
				umcg_rwlock_timedrdlock(&lock, mixed_timeout(a));
		a->steps++;
		if (error) {
			expect_eq(error, -ETIMEDOUT);
			__atomic_add_fetch(&missed, 1, __ATOMIC_RELAXED);
			continue;
		}
		n = __atomic_add_fetch(write ? &writers : &readers, 1, __ATOMIC_SEQ_CST);
		if (write)
			expect(n == 1 && !__atomic_load_n(&readers, __ATOMIC_SEQ_CST));
		else if (n > __atomic_load_n(&readers_max, __ATOMIC_RELAXED))
			__atomic_store_n(&readers_max, n, __ATOMIC_RELAXED);
		mixed_dawdle(a);
		expect(write || !__atomic_load_n(&writers, __ATOMIC_SEQ_CST));
		__atomic_sub_fetch(write ? &writers : &readers, 1, __ATOMIC_SEQ_CST);
		expect_eq(umcg_rwlock_unlock(&lock), 0);
	}
}

START_TEST(of_many)
{
	static const int how_many[ACTOR_KINDS] = { 6, 1, 1, 2, 1 };

	mixed_start(&mixed, open_group(), 2, how_many, read_or_write);
	mixed_signals(&mixed);
	mixed_join(&mixed);
	fifo_stop(&mixed.fifo);
	ck_assert_int_eq(umcg_rwlock_trywrlock(&lock), 0);
	ck_assert_int_gt(readers_max, 1);
	ck_assert_uint_gt(missed, 0);
	fifo_note(&mixed.fifo, "readers and writers");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("sync_rwlock");

	ADD(s, one_line, 20);
	ADD(s, writer_gives_up, 20);
	ADD(s, of_many, 100);
	return s;
}
