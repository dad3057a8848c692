// SPDX-License-Identifier: GPL-2.0-only
/* Nobody's process tries to act on a process that is not its own. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;
static struct worker parker, held;

static long park_once(struct worker *w)
{
	worker_park(w);
	return 0;
}

/* A server, a worker that is parked, and one that is held. */
static void begin(void)
{
	parker.run = park_once;
	held.run = park_once;
	group = open_group();
	server_start(&boss, group);
	worker_hire(&boss, &parker);
	ck_assert_uint_eq(server_run(&boss, &parker), UMCG_CUR_WAIT);
	worker_hire(&boss, &held);
}

static void leave(struct worker *w)
{
	while (server_run(&boss, w) != UMCG_CUR_EXIT)
		;
	pthread_join(w->thread, NULL);
}

/* What @run does as nobody leaves no trace in any slot, nor anybody awake. */
static void attack(void (*run)(void *arg))
{
	struct umcg_task before[4], *slots = umcg_slot(group, 0);

	memcpy(before, slots, sizeof(before));
	ended_well(nobody_start(run, NULL));
	ck_assert_mem_eq(before, slots, sizeof(before));
	server_expect_none(&boss);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, now() + MSEC),
			 -ETIMEDOUT);
	leave(&parker);
	leave(&held);
}

static void try_tid(struct umcg_group *own, struct umcg_task *self, __u32 tid)
{
	expect_eq(umcg_wake(own, tid), -ESRCH);
	expect_eq(umcg_kick(own, tid, 0), -ESRCH);
	expect_eq(umcg_kick(own, tid, UMCG_KICK_CURRENT), -ESRCH);
	expect_eq(umcg_run(own, self, tid, 0, 0), -ESRCH);
	expect_eq(umcg_run(own, self, tid | UMCG_TID_RUNNING, 0, 0), -EAGAIN);
}

static void *make_it_a_home(void *arg)
{
	struct umcg_group *own = arg;

	expect_eq(umcg_register_worker(own, boss.tid, 0), -ESRCH);
	expect_eq(umcg_register_worker(own, parker.tid, 0), -ESRCH);
	return NULL;
}

static void with_tids(void *arg)
{
	struct umcg_group *own = open_group();
	int slot = umcg_register_server(own, 0);
	struct umcg_task *self;
	pthread_t thread;

	(void)arg;
	expect(slot > 0);
	self = umcg_slot(own, slot);
	try_tid(own, self, boss.tid);
	try_tid(own, self, parker.tid);
	try_tid(own, self, held.tid);
	try_tid(own, self, getppid());
	try_tid(own, self, 1);
	expect(!pthread_create(&thread, NULL, make_it_a_home, own));
	expect(!pthread_join(thread, NULL));
}

START_TEST(tids_of_another_process)
{
	begin();
	attack(with_tids);
}
END_TEST

/* The file itself, which it was given: by fork, as by SCM_RIGHTS (process.c). */
static void with_the_file(void *arg)
{
	struct umcg_register r = { .flags = UMCG_REG_SERVER,
				   .clock = CLOCK_MONOTONIC };
	struct umcg_wait wait = { .timeout = 1 };
	struct umcg_wake wake = { .tid = parker.tid };
	struct umcg_kick kick = { .tid = boss.tid };
	int fd = umcg_fd(group);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	(void)arg;
	expect_eq(raw_ioctl(fd, UMCG_IOC_REGISTER, &r), -EPERM);
	expect_eq(raw_ioctl(fd, UMCG_IOC_UNREGISTER, NULL), -EPERM);
	expect_eq(raw_ioctl(fd, UMCG_IOC_WAIT, &wait), -EPERM);
	expect_eq(raw_ioctl(fd, UMCG_IOC_WAKE, &wake), -EPERM);
	wake.tid = 0;
	expect_eq(raw_ioctl(fd, UMCG_IOC_WAKE, &wake), -EPERM);
	expect_eq(raw_ioctl(fd, UMCG_IOC_KICK, &kick), -EPERM);
	expect(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	expect_eq(errno, EPERM);
	expect_eq(poll(&p, 1, 0), 1);
	expect_eq(p.revents, POLLERR);
	expect_eq(close(fd), 0);
}

START_TEST(the_file_of_another_process)
{
	begin();
	attack(with_the_file);
}
END_TEST

/* By way of /proc: that is an open like any other, if it is allowed at all. */
static void with_a_path(void *arg)
{
	struct umcg_kick kick = { .tid = boss.tid };
	char path[64];
	int fd;

	(void)arg;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getppid(),
		 umcg_fd(group));
	expect(open(path, O_RDWR) < 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", umcg_fd(group));
	fd = expect_sys(open(path, O_RDWR));
	expect_eq(raw_ioctl(fd, UMCG_IOC_KICK, &kick), -ESRCH);
}

START_TEST(the_file_by_its_name_in_proc)
{
	begin();
	attack(with_a_path);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("abuse_others");

	ADD(s, tids_of_another_process, 20);
	ADD(s, the_file_of_another_process, 20);
	ADD(s, the_file_by_its_name_in_proc, 20);
	return s;
}
