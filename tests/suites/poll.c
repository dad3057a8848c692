// SPDX-License-Identifier: GPL-2.0-only
/* poll(), select() and epoll on the group's file: when it is readable, for whom. */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "reader.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;

static void begin(void)
{
	group = open_group();
	server_start(&boss, group);
}

static int polled(void)
{
	struct pollfd p = { .fd = umcg_fd(group),
			    .events = POLLIN | POLLOUT | POLLPRI,
			    .revents = 0x5a5a };

	expect_sys(poll(&p, 1, 0));
	return p.revents;
}

/* Others who look at it: a plain thread, another server. Asked one at a time. */
static struct other {
	struct server server;
	pthread_t thread;
	unsigned int asked, answered;
	int events;
} plain, colleague;

static void *look(void *arg)
{
	struct other *o = arg;
	unsigned int n;

	if (o == &colleague)
		server_start(&o->server, group);
	for (n = 1;; n++) {
		wait_for(__atomic_load_n(&o->asked, __ATOMIC_SEQ_CST) == n);
		o->events = polled();
		__atomic_store_n(&o->answered, n, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static int polled_by(struct other *o)
{
	unsigned int n = o->asked + 1;

	if (n == 1)
		expect(!pthread_create(&o->thread, NULL, look, o));
	__atomic_store_n(&o->asked, n, __ATOMIC_SEQ_CST);
	wait_for(__atomic_load_n(&o->answered, __ATOMIC_SEQ_CST) == n);
	return o->events;
}

/* What the caller, another server and a plain thread see. */
#define seen_is(by_boss, by_colleague, by_plain)                        \
	do {                                                            \
		ck_assert_int_eq(polled(), by_boss);                    \
		ck_assert_int_eq(polled_by(&colleague), by_colleague);  \
		ck_assert_int_eq(polled_by(&plain), by_plain);          \
	} while (0)

#define READABLE	POLLIN

static long park(struct worker *w)
{
	worker_park(w);
	return 0;
}

static void wait_for_list(__u32 slot)
{
	wait_for(__atomic_load_n(&umcg_slot(group, slot)->head,
				 __ATOMIC_SEQ_CST) != UMCG_LIST_END);
}

START_TEST(lists)
{
	struct worker own = { .run = park }, groups = { .run = park };

	begin();
	seen_is(0, 0, 0);
	worker_start(&own, group, boss.tid);
	wait_for_list(boss.slot);
	seen_is(READABLE, 0, 0);
	server_expect(&boss, &own, UMCG_EV_WAKE);
	seen_is(0, 0, 0);
	worker_start(&groups, group, 0);
	wait_for_list(0);
	seen_is(READABLE, READABLE, READABLE);
	server_expect(&boss, &groups, UMCG_EV_WAKE);
	seen_is(0, 0, 0);
}
END_TEST

/* Until a WAIT has returned for it, which is what it would do. */
static int ends[2], go;

/* Not before its server has returned from the WAIT that ran it. */
static long read_when_told(struct worker *w)
{
	char byte;

	(void)w;
	while (!__atomic_load_n(&go, __ATOMIC_SEQ_CST))
		cpu_relax();
	return read(ends[0], &byte, 1);
}

START_TEST(what_a_server_is_told)
{
	static struct worker w = { .run = read_when_told };

	begin();
	expect_sys(pipe(ends));
	worker_hire(&boss, &w);
	seen_is(0, 0, 0);
	ck_assert_int_eq(umcg_kick(group, boss.tid, 0), 0);
	seen_is(READABLE, 0, 0);
	seen_is(READABLE, 0, 0);
	ck_assert_int_eq(umcg_run(group, boss.self, 0, 0, 1), 0);
	seen_is(0, 0, 0);
	ck_assert_int_eq(umcg_kick(group, boss.tid, 0), 0);
	ck_assert_int_eq(server_switch(&boss, &w, 0), 0);
	seen_is(0, 0, 0);
	/* it stops: a WAIT for it would return, and does */
	__atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
	wait_for(polled());
	ck_assert_int_eq(worker_state(&w), UMCG_TASK_BLOCKED);
	seen_is(READABLE, 0, 0);
	ck_assert_int_eq(umcg_wait(group, 0, 0), -EAGAIN);
	seen_is(0, 0, 0);
}
END_TEST

START_TEST(selecting)
{
	fd_set in, out, other;
	struct timeval t = { 0, 0 };
	int fd, i;

	begin();
	fd = umcg_fd(group);
	for (i = 0; i < 2; i++) {
		FD_ZERO(&in);
		FD_SET(fd, &in);
		out = in;
		other = in;
		ck_assert_int_eq(select(fd + 1, &in, &out, &other, &t), i);
		ck_assert_int_eq(!!FD_ISSET(fd, &in), i);
		ck_assert(!FD_ISSET(fd, &out));
		ck_assert(!FD_ISSET(fd, &other));
		ck_assert_int_eq(umcg_kick(group, boss.tid, 0), 0);
	}
}
END_TEST

static int epoll_of(__u32 events)
{
	struct epoll_event e = { .events = events, .data.u32 = 42 };
	int fd = expect_sys(epoll_create1(EPOLL_CLOEXEC));

	expect_sys(epoll_ctl(fd, EPOLL_CTL_ADD, umcg_fd(group), &e));
	return fd;
}

/* How many events, which must be just these, if there is one. */
static int epolled(int fd, __u32 events, int timeout)
{
	struct epoll_event e[2] = { { .events = 0x5a5a } };
	int n = expect_sys(epoll_wait(fd, e, 2, timeout));

	if (n) {
		expect_eq(e[0].events, events);
		expect_eq(e[0].data.u32, 42);
	}
	return n;
}

/*
 * Level-triggered it is readable until it is not; edge-triggered, once a push. A push
 * tells one after the other: that the first was told does not mean that all were.
 */
START_TEST(levels_and_edges)
{
	struct worker w[2] = { { .run = park }, { .run = park } };
	int level, edge, once, i;

	begin();
	level = epoll_of(EPOLLIN);
	edge = epoll_of(EPOLLIN | EPOLLET);
	once = epoll_of(EPOLLIN | EPOLLONESHOT);
	for (i = 0; i < 2; i++) {
		worker_start(&w[i], group, boss.tid);
		ck_assert_int_eq(epolled(edge, EPOLLIN, 10000), 1);
		ck_assert_int_eq(epolled(edge, EPOLLIN, 20), 0);
		ck_assert_int_eq(epolled(level, EPOLLIN, 10000), 1);
		ck_assert_int_eq(epolled(level, EPOLLIN, 0), 1);
		ck_assert_int_eq(epolled(once, EPOLLIN, i ? 0 : 10000), !i);
	}
	server_expect(&boss, &w[0], UMCG_EV_WAKE);
	server_expect(&boss, &w[1], UMCG_EV_WAKE);
	ck_assert_int_eq(epolled(level, EPOLLIN, 0), 0);
	ck_assert_int_eq(epolled(edge, EPOLLIN, 0), 0);
}
END_TEST

static pid_t hung_up[2];

/* Waits for nothing but the end, which nobody has to ask for. */
static void *poll_for_the_end(void *arg)
{
	struct pollfd p = { .fd = umcg_fd(group), .events = 0 };

	(void)arg;
	hung_up[0] = gettid();
	expect_eq(expect_sys(poll(&p, 1, 10000)), 1);
	expect_eq(p.revents, POLLHUP);
	return NULL;
}

static void *epoll_for_the_end(void *arg)
{
	int fd = epoll_of(0);

	(void)arg;
	hung_up[1] = gettid();
	expect_eq(epolled(fd, EPOLLHUP, 10000), 1);
	return NULL;
}

START_TEST(the_end_of_the_group)
{
	pthread_t threads[2];
	int i;

	begin();
	expect(!pthread_create(&threads[0], NULL, poll_for_the_end, NULL));
	expect(!pthread_create(&threads[1], NULL, epoll_for_the_end, NULL));
	for (i = 0; i < 2; i++) {
		wait_for(__atomic_load_n(&hung_up[i], __ATOMIC_SEQ_CST));
		proc_settled(hung_up[i]);
	}
	ck_assert_int_eq(umcg_unregister(group), 0);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(polled(), POLLHUP);
}
END_TEST

/* Of another process it is none of the business, whatever there is. */
static int stranger(void)
{
	int fd;

	if (polled() != POLLERR)
		return 1;
	fd = epoll_of(EPOLLIN);
	if (epolled(fd, EPOLLERR, 0) != 1)
		return 2;
	return epoll_of(EPOLLIN | EPOLLET) < 0 ? 3 : 0;
}

START_TEST(another_process)
{
	pid_t child;

	begin();
	ck_assert_int_eq(umcg_kick(group, boss.tid, 0), 0);
	child = fork();
	if (!child)
		_exit(stranger());
	ended_well(child);
	ck_assert_int_eq(polled(), READABLE);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("poll");

	ADD(s, lists, 20);
	ADD(s, what_a_server_is_told, 20);
	ADD(s, selecting, 20);
	ADD(s, levels_and_edges, 20);
	ADD(s, the_end_of_the_group, 20);
	ADD(s, another_process, 20);
	return s;
}
