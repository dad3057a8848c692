// SPDX-License-Identifier: GPL-2.0-only
/* REGISTER and UNREGISTER: every wrong argument, and what a right one gives. */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "crew.h"
#include "suite.h"

static const struct umcg_register a_server = {
	.flags = UMCG_REG_SERVER,
	.clock = CLOCK_MONOTONIC,
	.slot = 0xcccccccc,
	.user = 0x1234567887654321ULL,
};

/* Must be refused, and leave neither a trace in the arguments nor a task. */
static void refused(struct umcg_group *g, struct umcg_register r, int error)
{
	struct umcg_register before = r;

	ck_assert_int_eq(raw_ioctl(umcg_fd(g), UMCG_IOC_REGISTER, &r), error);
	ck_assert_mem_eq(&r, &before, sizeof(r));
	ck_assert_int_eq(umcg_unregister(g), -EPERM);
}

/* Must be taken; the last server's leaving ends its group. */
static void server_of_its_own(struct umcg_register r)
{
	struct umcg_group *g = open_group();

	ck_assert_int_eq(umcg_register(g, &r), 0);
	ck_assert_uint_gt(r.slot, 0);
	ck_assert_uint_lt(r.slot, 0xcccccccc);
	ck_assert_uint_eq(umcg_state(umcg_slot(g, r.slot)), UMCG_TASK_RUNNING);
	ck_assert_int_eq(umcg_unregister(g), 0);
	umcg_close(g);
}

START_TEST(flags)
{
	const __u64 none = 0;
	const struct {
		__u32 flag;
		__u64 feature;
	} extra[] = {
		{ UMCG_REG_NOTIFY, UMCG_FEAT_NOTIFY },
		{ UMCG_REG_SHARED, UMCG_FEAT_SHARED },
		{ UMCG_REG_MULTI, UMCG_FEAT_MULTI },
		{ 0x8, none },
	};
	struct umcg_group *g = open_group();
	struct umcg_register r = a_server;
	size_t i;

	r.flags = 0;
	refused(g, r, -EINVAL);
	r.flags = UMCG_REG_SERVER | UMCG_REG_WORKER;
	refused(g, r, -EINVAL);
	r.flags = UMCG_REG_NOTIFY;
	refused(g, r, -EINVAL);
	for (i = 0; i < sizeof(extra) / sizeof(*extra); i++) {
		/* modes are a server's, whatever the module knows */
		r.flags = UMCG_REG_WORKER | extra[i].flag;
		refused(g, r, -EINVAL);
		r.flags = UMCG_REG_SERVER | extra[i].flag;
		if (!extra[i].feature || !has_features(g, extra[i].feature)) {
			refused(g, r, -EINVAL);
			continue;
		}
		server_of_its_own(r);
		/* once more with what no version knows */
		r.flags |= 0x8;
		refused(g, r, -EINVAL);
	}
	for (i = 7; i < 32; i++) {
		r.flags = UMCG_REG_SERVER | 1U << i;
		refused(g, r, -EINVAL);
	}
	if (!has_features(g, UMCG_FEAT_TIMESTAMPS)) {
		r.flags = UMCG_REG_WORKER | UMCG_REG_TIMESTAMPS;
		refused(g, r, -EINVAL);
	}
}
END_TEST

START_TEST(clocks)
{
	static const __u32 good[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
				      CLOCK_BOOTTIME, CLOCK_TAI };
	static const __u32 bad[] = {
		CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
		CLOCK_MONOTONIC_RAW,	  CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE,	  CLOCK_REALTIME_ALARM,
		CLOCK_BOOTTIME_ALARM,	  10,
		12,			  16,
		0x7fffffff,		  0x80000000,
		0xffffffff,		  (__u32)-6,
	};
	struct umcg_group *g = open_group();
	struct umcg_register r = a_server;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		r.clock = bad[i];
		refused(g, r, -EINVAL);
	}
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		r.clock = good[i];
		server_of_its_own(r);
	}
}
END_TEST

START_TEST(padding_and_ranges)
{
	struct umcg_group *g = open_group();
	struct umcg_register r = a_server;

	r.reserved[0] = 1;
	refused(g, r, -EINVAL);
	r = a_server;
	r.reserved[1] = 1ULL << 63;
	refused(g, r, -EINVAL);
	r = a_server;
	r.server_tid = gettid();
	refused(g, r, -EINVAL);
	r = a_server;
	/* too short where there are slices, and anything where there are none */
	r.slice_ns = 1;
	refused(g, r, -EINVAL);
	if (!has_features(g, UMCG_FEAT_SLICE)) {
		r.slice_ns = 1000 * 1000 * 1000;
		refused(g, r, -EINVAL);
	}
}
END_TEST

START_TEST(memory_that_is_not_there)
{
	struct umcg_group *g = open_group();
	struct umcg_register *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_int_eq(raw_ioctl(umcg_fd(g), UMCG_IOC_REGISTER, NULL),
			 -EFAULT);
	/* it can be read, but the slot cannot be told */
	*r = a_server;
	ck_assert_int_eq(mprotect(r, sizeof(*r), PROT_READ), 0);
	ck_assert_int_eq(raw_ioctl(umcg_fd(g), UMCG_IOC_REGISTER, r), -EFAULT);
	ck_assert_int_eq(umcg_unregister(g), -EPERM);
}
END_TEST

static void *idle_thread(void *stop)
{
	wait_for(__atomic_load_n((int *)stop, __ATOMIC_SEQ_CST));
	return NULL;
}

static long park(struct worker *w)
{
	worker_park(w);
	return 0;
}

START_TEST(a_home_must_be_a_server_of_the_group)
{
	struct umcg_group *g = open_group(), *other = open_group();
	struct umcg_register r = a_server;
	struct worker w = { .run = park };
	struct server s;
	pthread_t plain;
	int stop = 0;

	server_start(&s, g);
	worker_hire(&s, &w);
	ck_assert_int_eq(pthread_create(&plain, NULL, idle_thread, &stop), 0);

	r.flags = UMCG_REG_WORKER;
	/* the caller is registered here, so ask the group in which it is not */
	r.server_tid = s.tid;
	ck_assert_int_eq(umcg_register(other, &r), -EEXIST);

	ck_assert_int_eq(server_run(&s, &w), UMCG_CUR_WAIT);
	server_finish(&s, &w);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(plain, NULL);
}
END_TEST

struct home_try {
	struct umcg_group *group;
	__u32 tid;
	int error;
};

static void *try_home(void *arg)
{
	struct home_try *t = arg;
	struct umcg_register r = a_server;

	r.flags = UMCG_REG_WORKER;
	r.server_tid = t->tid;
	t->error = umcg_register(t->group, &r);
	return NULL;
}

static int home_error(struct umcg_group *g, __u32 tid)
{
	struct home_try t = { .group = g, .tid = tid, .error = 0x5a5a };
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, try_home, &t), 0);
	pthread_join(thread, NULL);
	return t.error;
}

START_TEST(no_such_home)
{
	struct umcg_group *g = open_group();
	struct worker w = { .run = park };
	struct server s;

	server_start(&s, g);
	worker_hire(&s, &w);
	ck_assert_int_eq(home_error(g, w.tid), -ESRCH);
	ck_assert_int_eq(home_error(g, 1), -ESRCH);
	ck_assert_int_eq(home_error(g, 0x3fffffff), -ESRCH);
	ck_assert_int_eq(home_error(g, 0xffffffff), -ESRCH);
	ck_assert_int_eq(server_run(&s, &w), UMCG_CUR_WAIT);
	server_finish(&s, &w);
}
END_TEST

START_TEST(only_once)
{
	struct umcg_group *g = open_group(), *other = open_group();
	struct umcg_register r = a_server;

	ck_assert_int_gt(umcg_register_server(g, 1), 0);
	ck_assert_int_eq(umcg_register(g, &r), -EEXIST);
	ck_assert_int_eq(umcg_register(other, &r), -EEXIST);
	r.flags = UMCG_REG_WORKER;
	ck_assert_int_eq(umcg_register(g, &r), -EEXIST);
	ck_assert_int_eq(umcg_register(other, &r), -EEXIST);
	ck_assert_uint_eq(r.slot, 0xcccccccc);
	ck_assert_int_eq(umcg_unregister(other), -EPERM);
	ck_assert_int_eq(umcg_unregister(g), 0);
	ck_assert_int_gt(umcg_register_server(other, 1), 0);
}
END_TEST

START_TEST(unregister_takes_no_argument)
{
	struct umcg_group *g = open_group();
	int fd = umcg_fd(g);

	ck_assert_int_eq(raw_ioctl(fd, UMCG_IOC_UNREGISTER, NULL), -EPERM);
	ck_assert_int_gt(umcg_register_server(g, 1), 0);
	ck_assert_int_eq(raw_ioctl(fd, UMCG_IOC_UNREGISTER, &fd), -EINVAL);
	ck_assert_int_eq(raw_ioctl(fd, UMCG_IOC_UNREGISTER, NULL), 0);
	ck_assert_int_lt(raw_ioctl(fd, UMCG_IOC_UNREGISTER, NULL), 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("register");

	ADD(s, flags, 20);
	ADD(s, clocks, 20);
	ADD(s, padding_and_ranges, 20);
	ADD(s, memory_that_is_not_there, 20);
	ADD(s, a_home_must_be_a_server_of_the_group, 20);
	ADD(s, no_such_home, 20);
	ADD(s, only_once, 20);
	ADD(s, unregister_takes_no_argument, 20);
	return s;
}
