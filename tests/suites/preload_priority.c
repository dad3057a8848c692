// SPDX-License-Identifier: GPL-2.0-only
/* umcg run --priority: by the name of a thread, and by the port of what it serves. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "meaning.h"
#include "suite.h"

#define PORT		7301
#define PORT_IMPORTANT	7302
#define EACH		3

static char order[2 * EACH + 1];
static int served;

static int waiting, open_now;

/* All become runnable while the main thread has the only server, and it is seen who is first. */
static void pass_gate(void)
{
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&open_now, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &open_now, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void open_gate(int threads)
{
	__u64 until;

	while (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) < threads)
		usleep(1000);
	usleep(50000); /* until the last has gone to sleep */
	__atomic_store_n(&open_now, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &open_now, FUTEX_WAKE_PRIVATE, threads, NULL, NULL, 0);
	until = now() + 100 * MSEC;
	while (now() < until)
		;
}

static void *serves(void *what)
{
	pass_gate();
	order[__atomic_fetch_add(&served, 1, __ATOMIC_SEQ_CST)] = *(const char *)what;
	return NULL;
}

static int listens(int family, unsigned short port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(family, SOCK_STREAM, 0), yes = 1;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in6.sin6_addr = in6addr_loopback;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, family == AF_INET ? (void *)&in : (void *)&in6,
		 family == AF_INET ? sizeof(in) : sizeof(in6)) ||
	    listen(fd, EACH))
		tell("port %d: %m", port);
	return fd;
}

static void connects(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int client;

	getsockname(fd, (struct sockaddr *)&address, &size);
	client = socket(address.ss_family, SOCK_STREAM, 0);
	if (connect(client, (struct sockaddr *)&address, size))
		tell("connect: %m");
}

/* A thread for each connection, those that are less important first. */
static int serve(int family)
{
	int fd[2] = { listens(family, PORT), listens(family, PORT_IMPORTANT) }, i;
	static const char *const what[2] = { "o", "i" };
	pthread_t t[2 * EACH];

	for (i = 0; i < 2 * EACH; i++)
		connects(fd[i / EACH]);
	for (i = 0; i < 2 * EACH; i++) {
		int which = i / EACH;

		if ((i % 2 ? accept(fd[which], NULL, NULL) :
			     accept4(fd[which], NULL, NULL, SOCK_CLOEXEC)) < 0)
			tell("accept: %m");
		pthread_create(&t[i], NULL, serves, (void *)what[which]);
	}
	open_gate(2 * EACH);
	for (i = 0; i < 2 * EACH; i++)
		pthread_join(t[i], NULL);
	tell("order %s", order);
	return 0;
}

static int show_ports(void)
{
	return serve(AF_INET);
}

static int show_ports6(void)
{
	return serve(AF_INET6);
}

static void *names_itself(void *name)
{
	pthread_setname_np(pthread_self(), name);
	pass_gate();
	order[__atomic_fetch_add(&served, 1, __ATOMIC_SEQ_CST)] = *(const char *)name;
	return NULL;
}

static int show_names(void)
{
	static const char *const names[] = { "other", "slow", "important" };
	pthread_t t[3];
	int i;

	for (i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, names_itself, (void *)names[i]);
	open_gate(3);
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	tell("order %s", order);
	return 0;
}

static const struct meaning meanings[] = {
	{ "ports", show_ports },
	{ "ports6", show_ports6 },
	{ "names", show_names },
	{ NULL, NULL },
};

int helper_main(int argc, char **argv)
{
	return meaning_show(meanings, argc, argv);
}

static void order_is(const char *options, const char *what, const char *expected)
{
	char arguments[256];

	snprintf(arguments, sizeof(arguments),
		 "run --servers 1 --slice none %s -- build/tests/preload_priority %s", options,
		 what);
	ck_assert_msg(run(arguments) == 0, "%s", said);
	snprintf(arguments, sizeof(arguments), "order %s\n", expected);
	says(arguments);
}

/* Nobody preempts the main thread, which has them wait at the gate and opens that. */
#define PRIO	"--policy prio --priority preload_priorit=100 "

START_TEST(by_port)
{
	order_is(PRIO "--priority :7301=-50 --priority :7302=50", "ports", "iiiooo");
	order_is(PRIO "--priority :7301=50 --priority :7302=-50", "ports", "oooiii");
	order_is(PRIO "--priority :7301=-50 --priority :7302=50", "ports6", "iiiooo");
}
END_TEST

START_TEST(by_name)
{
	order_is(PRIO "--priority important=60 --priority slow=-60", "names", "ios");
	order_is(PRIO "--priority important=-60 --priority slow=60", "names", "soi");
}
END_TEST

START_TEST(bad_values)
{
	static const char *const bad[] = { "x", "=1", "x=", "x=y", "x=1,y=2", ":80", "x=99999999" };
	char arguments[128];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(arguments, sizeof(arguments), "run --priority %s true", bad[i]);
		ck_assert_int_eq(run(arguments), 125);
		says("--priority: NAME=N or :PORT=N, not: ");
	}
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("preload_priority");

	ADD(s, by_port, 120);
	ADD(s, by_name, 60);
	ADD(s, bad_values, 30);
	return s;
}
