// SPDX-License-Identifier: GPL-2.0-only
/* A server that sleeps in epoll or io_uring instead of WAIT is woken all the same. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "reader.h"
#include "suite.h"
#include "uring.h"

#define PATIENCE_MS	10000
#define PUSHES_MAX	100000
#define RACE_SECONDS	2
#define CROWD		4

static struct umcg_group *group;
static struct server boss;
static struct reader reader;

static long park_on(struct worker *w)
{
	for (;;) {
		step_set(w, step_get(w) + 1);
		worker_park(w);
	}
	return 0;
}

static struct worker parked = { .run = park_on };
static struct worker groups = { .run = park_on };

/* One worker blocked, one parked, one parked whose home is the group list. */
static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
	reader_start(&reader, &boss);
	worker_hire(&boss, &parked);
	ck_assert_int_eq(server_run(&boss, &parked), UMCG_CUR_WAIT);
	worker_start(&groups, group, 0);
	server_expect(&boss, &groups, UMCG_EV_WAKE);
	ck_assert_int_eq(server_run(&boss, &groups), UMCG_CUR_WAIT);
	/* who sees a push to the group by himself may be told of it as well, later */
	while (!umcg_run(group, boss.self, 0, 0, 1))
		;
}

static int epoll_of(__u32 events)
{
	struct epoll_event e = { .events = events };
	int fd = expect_sys(epoll_create1(EPOLL_CLOEXEC));

	expect_sys(epoll_ctl(fd, EPOLL_CTL_ADD, umcg_fd(group), &e));
	return fd;
}

/* --- what wakes it ------------------------------------------------------- */

static void kick_the_server(void)
{
	expect_eq(umcg_kick(group, boss.tid, 0), 0);
}

static void push_to_its_list(void)
{
	expect_eq(umcg_wake(group, parked.tid), 0);
}

static void push_to_the_group(void)
{
	expect_eq(umcg_wake(group, groups.tid), 0);
}

static void unblock(void)
{
	reader_write(&reader, 'x');
}

static int stop;
static struct worker spinner = { .run = worker_spin, .arg = &stop };

static void end_what_it_runs(void)
{
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
}

static struct reader *to_block;

/* It is awake, in user code, and about to read from an empty pipe. */
static long block_when_told(struct worker *w)
{
	char byte;

	worker_spin(w);
	return read(to_block->ends[0], &byte, 1);
}

static void (*const causes[])(void) = {
	kick_the_server, push_to_its_list, push_to_the_group, unblock,
	end_what_it_runs, end_what_it_runs,
};

#define CAUSES	((int)(sizeof(causes) / sizeof(*causes)))

/* The last two are about a worker that it runs: one exits, one blocks. */
static void prepare(int cause)
{
	if (cause < CAUSES - 2)
		return;
	if (cause == CAUSES - 1) {
		spinner.run = block_when_told;
		to_block = &reader;
	}
	worker_hire(&boss, &spinner);
	ck_assert_int_eq(umcg_kick(group, boss.tid, 0), 0);
	ck_assert_int_eq(server_switch(&boss, &spinner, 0), 0);
	ck_assert_uint_eq(umcg_cur(boss.self),
			  spinner.args.slot | UMCG_CUR_RUNNING);
}

static void *wake_it(void *arg)
{
	proc_settled(boss.tid);
	(*(void (**)(void))arg)();
	return NULL;
}

static pthread_t wake_later(int cause)
{
	pthread_t thread;

	expect(!pthread_create(&thread, NULL, wake_it,
			       (void *)&causes[cause]));
	return thread;
}

/* _i: what happens, level-triggered, then the same, edge-triggered */
START_TEST(in_epoll)
{
	__u32 how = _i < CAUSES ? EPOLLIN : EPOLLIN | EPOLLET;
	struct epoll_event e = { .events = 0x5a5a };
	pthread_t thread;
	int fd;

	begin();
	fd = epoll_of(how);
	prepare(_i % CAUSES);
	ck_assert_int_eq(epoll_wait(fd, &e, 1, 20), 0);
	thread = wake_later(_i % CAUSES);
	ck_assert_int_eq(epoll_wait(fd, &e, 1, PATIENCE_MS), 1);
	ck_assert_uint_eq(e.events, EPOLLIN);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(in_io_uring)
{
	struct uring ring;
	__u64 data = 0;
	pthread_t thread;

	begin();
	uring_open(&ring, 8);
	if (ring.fd < 0)
		skip("no io_uring here: errno %d", -ring.fd);
	prepare(_i);
	uring_poll(&ring, umcg_fd(group), EPOLLIN, 77);
	thread = wake_later(_i);
	ck_assert_int_eq(uring_enter(&ring, 1, 1), 1);
	ck_assert_int_eq(uring_result(&ring, &data), EPOLLIN);
	ck_assert_uint_eq(data, 77);
	pthread_join(thread, NULL);
}
END_TEST

static struct server other;

static void *sleep_exclusively(void *arg)
{
	struct epoll_event e;
	int fd;

	(void)arg;
	server_start(&other, group);
	fd = epoll_of(EPOLLIN | EPOLLEXCLUSIVE);
	/* it is woken for nothing, perhaps, but not by what is there for it */
	epoll_wait(fd, &e, 1, -1);
	return NULL;
}

/* Many may be asleep on the file, but only one of them is who is meant. */
START_TEST(exclusively)
{
	struct epoll_event e;
	pthread_t thread, waker;
	int fd;

	begin();
	expect(!pthread_create(&thread, NULL, sleep_exclusively, NULL));
	wait_for(__atomic_load_n(&other.tid, __ATOMIC_SEQ_CST));
	proc_settled(other.tid);
	/* behind the other in the queue of who is to be woken */
	fd = epoll_of(EPOLLIN | EPOLLEXCLUSIVE);
	waker = wake_later(_i);
	ck_assert_int_eq(epoll_wait(fd, &e, 1, PATIENCE_MS), 1);
	pthread_join(waker, NULL);
}
END_TEST

/* --- pushes against going to sleep --------------------------------------- */

static struct worker crowd[CROWD];
static unsigned long pushes;
static bool over;

static void *push_and_push(void *arg)
{
	__u64 end = now() + RACE_SECONDS * SEC;
	unsigned int i = 0;

	(void)arg;
	prctl(PR_SET_TIMERSLACK, 1);
	while (pushes < PUSHES_MAX && now() < end) {
		pushes += !umcg_wake(group, crowd[i++ % CROWD].tid);
		/* meet it at every step of its way */
		if (i % 2)
			sleep_until(now() + i % 64 * USEC);
	}
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	umcg_kick(group, boss.tid, 0);
	return NULL;
}

/* _i: level- or edge-triggered. Whoever is pushed is run without being told of. */
START_TEST(no_push_is_slept_through)
{
	int fd, i, naps = 0;
	unsigned long runs = 0;
	struct epoll_event e;
	struct worker *w;
	pthread_t thread;
	__u32 events;

	group = open_group();
	server_start(&boss, group);
	for (i = 0; i < CROWD; i++) {
		crowd[i].run = park_on;
		worker_start(&crowd[i], group, i % 2 ? boss.tid : 0);
	}
	for (i = 0; i < CROWD; i++) {
		w = server_next(&boss, &events);
		ck_assert_int_eq(server_run(&boss, w), UMCG_CUR_WAIT);
	}
	fd = epoll_of(_i ? EPOLLIN | EPOLLET : EPOLLIN);
	expect(!pthread_create(&thread, NULL, push_and_push, NULL));
	for (;;) {
		while ((w = server_poll(&boss, &events))) {
			expect_eq(server_run(&boss, w), UMCG_CUR_WAIT);
			runs++;
		}
		/* the last kick comes after this, or was for a WAIT above */
		if (__atomic_load_n(&over, __ATOMIC_SEQ_CST))
			break;
		naps++;
		expect_eq(epoll_wait(fd, &e, 1, PATIENCE_MS), 1);
	}
	pthread_join(thread, NULL);
	while ((w = server_poll(&boss, &events))) {
		expect_eq(server_run(&boss, w), UMCG_CUR_WAIT);
		runs++;
	}
	note("%lu pushes, %lu runs, %d sleeps", pushes, runs, naps);
	ck_assert_uint_eq(runs, pushes);
	ck_assert_int_gt(naps, 10);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("poll_sleep");

	ADD_LOOP(s, in_epoll, 20, 2 * CAUSES);
	ADD_LOOP(s, in_io_uring, 20, CAUSES);
	ADD_LOOP(s, exclusively, 20, 3);
	ADD_LOOP(s, no_push_is_slept_through, 30, 2);
	return s;
}
