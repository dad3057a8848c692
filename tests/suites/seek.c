// SPDX-License-Identifier: GPL-2.0-only
/* WAIT and WAKE by lseek(): the same calls as by ioctl(), mixed with them, and no others. */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;
static int fd;

static void begin(void)
{
	group = open_group();
	fd = umcg_fd(group);
	ck_assert(has_features(group, UMCG_FEAT_SEEK));
	server_start(&boss, group);
}

static long seek(off_t what, int whence)
{
	off_t result = lseek(fd, what, whence);

	return result < 0 ? -errno : result;
}

static long wait_by(bool by_seek, __u32 flags)
{
	struct umcg_wait args = { .flags = flags };

	if (by_seek)
		return seek(flags, UMCG_SEEK_WAIT);
	return raw_ioctl(fd, UMCG_IOC_WAIT, &args);
}

static long wake_by(bool by_seek, __u32 tid)
{
	struct umcg_wake args = { .tid = tid };

	if (by_seek)
		return seek(tid, UMCG_SEEK_WAKE);
	return raw_ioctl(fd, UMCG_IOC_WAKE, &args);
}

/* Each of eight rounds: who parks, who runs it, who wakes it, one way or the other. */
#define ROUNDS	8

static long wait_both_ways(struct worker *w, __u32 flags)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		worker_slot(w)->next_tid = 0;
		expect_eq(wait_by(i & 1, flags), 0);
		step_set(w, i + 1);
	}
	return 0;
}

static long park_both_ways(struct worker *w)
{
	return wait_both_ways(w, 0);
}

static long yield_both_ways(struct worker *w)
{
	return wait_both_ways(w, UMCG_WAIT_ENQUEUE);
}

/* Until it waits. */
static void run_by(bool by_seek, struct worker *w)
{
	boss.self->next_tid = w->tid;
	do
		ck_assert_int_eq(wait_by(by_seek, 0), 0);
	while ((boss.self->cur & UMCG_CUR_WHY_MASK) == UMCG_CUR_RUNNING);
	ck_assert_uint_eq(boss.self->cur, w->args.slot | UMCG_CUR_WAIT);
}

START_TEST(parking)
{
	struct worker w = { .run = park_both_ways };
	int i;

	begin();
	worker_hire(&boss, &w);
	for (i = 0; i < ROUNDS; i++) {
		run_by(i & 2, &w);
		ck_assert_uint_eq(step_get(&w), i);
		ck_assert_int_eq(wake_by(i & 4, w.tid), 0);
		server_expect(&boss, &w, UMCG_EV_WAKE);
	}
	server_finish(&boss, &w);
}
END_TEST

START_TEST(yielding)
{
	struct worker w = { .run = yield_both_ways };
	int i;

	begin();
	worker_hire(&boss, &w);
	for (i = 0; i < ROUNDS; i++) {
		run_by(i & 2, &w);
		ck_assert_uint_eq(step_get(&w), i);
		server_expect(&boss, &w, UMCG_EV_WAIT);
	}
	server_finish(&boss, &w);
}
END_TEST

static long park_twice(struct worker *w)
{
	expect_eq(wait_by(false, 0), 0);
	step_set(w, 1);
	expect_eq(wait_by(true, 0), 0);
	return 0;
}

/* One that was left by one call ends a WAIT by the other. */
START_TEST(the_token)
{
	struct worker w = { .run = park_twice };

	begin();
	worker_hire(&boss, &w);
	ck_assert_int_eq(wake_by(_i & 1, w.tid), 1);
	ck_assert_int_eq(wake_by(_i & 2, w.tid), 1);
	run_by(true, &w);
	ck_assert_uint_eq(step_get(&w), 1);
	ck_assert_int_eq(wake_by(_i & 1, w.tid), 0);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_finish(&boss, &w);
}
END_TEST

static long try_errors(struct worker *w)
{
	struct umcg_task *me = worker_slot(w);

	me->next_tid = w->tid;
	expect_eq(seek(0, UMCG_SEEK_WAIT), -EINVAL);
	me->next_tid = 0x3fffffff;
	expect_eq(seek(0, UMCG_SEEK_WAIT), -ESRCH);
	me->next_tid = 0;
	expect_eq(seek(2, UMCG_SEEK_WAIT), -EINVAL);
	expect_eq(seek(1LL << 32, UMCG_SEEK_WAIT), -EINVAL);
	expect_eq(seek(-1, UMCG_SEEK_WAIT), -EINVAL);
	expect_eq(me->state, UMCG_TASK_RUNNING);
	expect_eq(me->next_tid, 0);
	return 0;
}

START_TEST(errors)
{
	struct worker w = { .run = try_errors };
	int bit;

	begin();
	worker_hire(&boss, &w);
	server_finish(&boss, &w);
	for (bit = 0; bit < 63; bit++)
		ck_assert_int_eq(seek(1LL << bit, UMCG_SEEK_WAIT), -EINVAL);
	ck_assert_int_eq(seek(1LL << 32 | boss.tid, UMCG_SEEK_WAKE), -EINVAL);
	ck_assert_int_eq(seek(-1, UMCG_SEEK_WAKE), -EINVAL);
	ck_assert_int_eq(seek(boss.tid, UMCG_SEEK_WAKE), -EINVAL);
	ck_assert_int_eq(seek(0x3fffffff, UMCG_SEEK_WAKE), -ESRCH);
	ck_assert_int_eq(seek(0, UMCG_SEEK_WAKE), -EAGAIN);
}
END_TEST

/* The device has no position: what else lseek() can do, it does not. */
START_TEST(no_position)
{
	char c;

	begin();
	ck_assert_int_eq(seek(0, SEEK_SET), -ESPIPE);
	ck_assert_int_eq(seek(1, SEEK_CUR), -ESPIPE);
	ck_assert_int_eq(seek(0, SEEK_END), -ESPIPE);
	ck_assert_int_eq(seek(0, 5), -EINVAL);
	ck_assert_int_eq(seek(0, -1), -EINVAL);
	ck_assert_int_eq(pread(fd, &c, 1, 0), -1);
	ck_assert_int_eq(errno, ESPIPE);
	ck_assert_int_eq(pwrite(fd, &c, 1, 0), -1);
	ck_assert_int_eq(errno, ESPIPE);
	ck_assert_int_eq(seek(0, SEEK_CUR), -ESPIPE);
}
END_TEST

START_TEST(who_may_not)
{
	int status;
	pid_t child;

	group = open_group();
	fd = umcg_fd(group);
	/* nobody who is registered here */
	ck_assert_int_eq(seek(0, UMCG_SEEK_WAIT), -EPERM);
	server_start(&boss, group);
	child = fork();
	if (!child)
		_exit(seek(0, UMCG_SEEK_WAIT) != -EPERM ||
		      seek(boss.tid, UMCG_SEEK_WAKE) != -EPERM ||
		      seek(0, UMCG_SEEK_WAKE) != -EPERM);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);

	ck_assert_int_eq(umcg_unregister(group), 0);
	ck_assert_int_eq(seek(0, UMCG_SEEK_WAIT), -ESHUTDOWN);
	ck_assert_int_eq(seek(0, UMCG_SEEK_WAKE), -ESHUTDOWN);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("seek");

	ADD(s, parking, 20);
	ADD(s, yielding, 20);
	ADD_LOOP(s, the_token, 20, 4);
	ADD(s, errors, 20);
	ADD(s, no_position, 20);
	ADD(s, who_may_not, 20);
	return s;
}
