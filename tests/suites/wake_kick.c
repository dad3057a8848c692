// SPDX-License-Identifier: GPL-2.0-only
/* WAKE and KICK: what they do to servers, and every error. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

static long park_once(struct worker *w)
{
	step_set(w, 1);
	worker_park(w);
	step_set(w, 2);
	return 0;
}

START_TEST(wake_arguments)
{
	struct umcg_wake wake = { .flags = 1 };
	int bit;

	begin();
	for (bit = 0; bit < 32; bit++) {
		wake.flags = 1U << bit;
		ck_assert_int_eq(raw_ioctl(umcg_fd(group), UMCG_IOC_WAKE, &wake),
				 -EINVAL);
	}
	ck_assert_int_eq(raw_ioctl(umcg_fd(group), UMCG_IOC_WAKE, NULL),
			 -EFAULT);
	ck_assert_int_eq(umcg_wake(group, 0x3fffffff), -ESRCH);
	ck_assert_int_eq(umcg_wake(group, 1), -ESRCH);
	ck_assert_int_eq(umcg_wake(group, boss.tid), -EINVAL);
	/* the only server is the caller, and busy */
	ck_assert_int_eq(umcg_wake(group, 0), -EAGAIN);
}
END_TEST

START_TEST(kick_arguments)
{
	struct worker w = { .run = park_once };
	struct umcg_kick kick = { .tid = 0 };
	int bit;

	begin();
	worker_hire(&boss, &w);
	kick.tid = boss.tid;
	for (bit = 1; bit < 32; bit++) {
		kick.flags = 1U << bit;
		ck_assert_int_eq(raw_ioctl(umcg_fd(group), UMCG_IOC_KICK, &kick),
				 -EINVAL);
	}
	ck_assert_int_eq(raw_ioctl(umcg_fd(group), UMCG_IOC_KICK, NULL),
			 -EFAULT);
	ck_assert_int_eq(umcg_kick(group, 0, 0), -ESRCH);
	ck_assert_int_eq(umcg_kick(group, 1, 0), -ESRCH);
	ck_assert_int_eq(umcg_kick(group, 0x3fffffff, 0), -ESRCH);
	if (!has_features(group, UMCG_FEAT_KICK))
		skip("the module does not preempt");
	ck_assert_int_eq(umcg_kick(group, 1, UMCG_KICK_CURRENT), -ESRCH);
	ck_assert_int_eq(umcg_kick(group, w.tid, UMCG_KICK_CURRENT), -EINVAL);
	ck_assert_int_eq(umcg_kick(group, w.tid, 0), -EAGAIN);
	ck_assert_int_eq(umcg_kick(group, boss.tid, UMCG_KICK_CURRENT),
			 -EAGAIN);
	ck_assert_uint_eq(worker_state(&w), UMCG_TASK_RUNNABLE);
	ck_assert_uint_eq(step_get(&w), 0);
}
END_TEST

static const struct umcg_wait until_long_ago = { .timeout = 1 };
static const struct umcg_wake wake_any;

/* All but REGISTER and QUERY tell nothing by their arguments. */
START_TEST(arguments_are_only_read)
{
	struct umcg_kick *kick = mmap(NULL, sizeof(*kick),
				      PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	begin();
	fd = umcg_fd(group);
	expect(kick != MAP_FAILED);
	kick->tid = boss.tid;
	expect_sys(mprotect(kick, sizeof(*kick), PROT_READ));
	ck_assert_int_eq(raw_ioctl(fd, UMCG_IOC_KICK, kick), 0);
	/* constants are on pages that cannot be written */
	ck_assert_int_eq(raw_ioctl(fd, UMCG_IOC_WAIT, (void *)&until_long_ago), 0);
	ck_assert_int_eq(raw_ioctl(fd, UMCG_IOC_WAIT, (void *)&until_long_ago),
			 -ETIMEDOUT);
	ck_assert_int_eq(raw_ioctl(fd, UMCG_IOC_WAKE, (void *)&wake_any), -EAGAIN);
}
END_TEST

/* Who is gone is not there. */
START_TEST(nobody_is_left_of_the_dead)
{
	struct worker w = { .run = park_once };

	begin();
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	server_finish(&boss, &w);
	ck_assert_int_eq(umcg_wake(group, w.tid), -ESRCH);
	ck_assert_int_eq(umcg_kick(group, w.tid, 0), -ESRCH);
}
END_TEST

/* A kick is kept for the next WAIT, and it is one. */
START_TEST(a_kick_before_the_wait)
{
	begin();
	ck_assert_int_eq(umcg_kick(group, boss.tid, 0), 0);
	ck_assert_int_eq(umcg_kick(group, boss.tid, 0), 0);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 0), 0);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, now() + 5 * MSEC),
			 -ETIMEDOUT);
	server_expect_none(&boss);
}
END_TEST

static void *kick_idle(void *arg)
{
	(void)arg;
	wait_for(umcg_state(boss.self) == (UMCG_TASK_RUNNING | UMCG_TF_IDLE));
	expect_eq(umcg_kick(group, boss.tid, 0), 0);
	return NULL;
}

static void *wake_idle(void *arg)
{
	(void)arg;
	wait_for(umcg_state(boss.self) == (UMCG_TASK_RUNNING | UMCG_TF_IDLE));
	expect_eq(umcg_wake(group, 0), 0);
	return NULL;
}

/* From a plain thread: the calls may be made by any. */
START_TEST(an_idle_server_is_kicked)
{
	pthread_t thread;

	begin();
	expect(!pthread_create(&thread, NULL, kick_idle, NULL));
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 0), 0);
	ck_assert_uint_eq(umcg_state(boss.self), UMCG_TASK_RUNNING);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(an_idle_server_is_woken)
{
	pthread_t thread;

	begin();
	expect(!pthread_create(&thread, NULL, wake_idle, NULL));
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 0), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(umcg_wake(group, 0), -EAGAIN);
}
END_TEST

static void *kick_busy(void *arg)
{
	struct worker *w = arg;

	wait_for(step_get(w));
	expect_eq(umcg_kick(group, boss.tid, 0), 0);
	return NULL;
}

/* The server returns, its worker runs on. */
START_TEST(a_kicked_server_leaves_its_worker_alone)
{
	int stop = 0;
	struct worker w = { .run = worker_spin, .arg = &stop };
	pthread_t thread;
	unsigned int before;

	begin();
	worker_hire(&boss, &w);
	expect(!pthread_create(&thread, NULL, kick_busy, &w));
	ck_assert_int_eq(server_switch(&boss, &w, 0), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(umcg_cur(boss.self), w.args.slot | UMCG_CUR_RUNNING);
	ck_assert_uint_eq(umcg_next_tid(boss.self), w.tid | UMCG_TID_RUNNING);
	before = step_get(&w);
	wait_for(step_get(&w) > before);
	/* it is busy, not idle */
	ck_assert_int_eq(umcg_wake(group, 0), -EAGAIN);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&boss, &w), UMCG_CUR_EXIT);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("wake_kick");

	ADD(s, wake_arguments, 20);
	ADD(s, kick_arguments, 20);
	ADD(s, arguments_are_only_read, 20);
	ADD(s, nobody_is_left_of_the_dead, 20);
	ADD(s, a_kick_before_the_wait, 20);
	ADD(s, an_idle_server_is_kicked, 20);
	ADD(s, an_idle_server_is_woken, 20);
	ADD(s, a_kicked_server_leaves_its_worker_alone, 20);
	return s;
}
