// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a call costs among ten registered threads, it costs among twenty thousand:
 * instructions, which is what time is counted in here. All that are there but are
 * not measured are workers that are held.
 */
/* vm: --smp 1 --icount --mem 3072 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "suite.h"

#define MOST		20000
#define STACK		(16UL * 1024)
#define ROUNDS		101
#define TOLERANCE	10 /* percent */

enum cost { REGISTER, UNREGISTER, CYCLE, WAKE, HANDOFF, COSTS };

static const char *const names[COSTS] = {
	"register", "unregister", "block and come back", "wake", "handoff",
};

static struct server boss;
static struct umcg_group *group;
static __u64 took[COSTS][ROUNDS];
static char *stacks;
static unsigned int population;

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

/* A timer tick may fall into some of them, and a table may grow. */
static __u64 median(enum cost cost)
{
	qsort(took[cost], ROUNDS, sizeof(__u64), compare);
	return took[cost][ROUNDS / 2];
}

/* ---- the population ----------------------------------------------------- */

static void *be_held(void *arg)
{
	umcg_register_worker(group, boss.tid, 0);
	return arg;
}

static unsigned int drain(void)
{
	struct umcg_list list = { 0 };
	unsigned int count = umcg_list_take(group, boss.slot, &list);

	while (umcg_list_pop(group, &list, NULL))
		;
	return count;
}

static void allow(const char *file)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "100000", 6) != 6)
		note("%s stays as it is", file);
	close(fd);
}

/* Stacks lie side by side in one mapping, of which there may not be so many. */
static void grow_to(unsigned int size)
{
	unsigned int arrived = population;
	pthread_attr_t attr;
	pthread_t id;

	pthread_attr_init(&attr);
	while (population < size) {
		pthread_attr_setstack(&attr, stacks + population * STACK,
				      STACK);
		expect_eq(pthread_create(&id, &attr, be_held, NULL), 0);
		population++;
	}
	pthread_attr_destroy(&attr);
	while (arrived < size) {
		umcg_run(group, boss.self, 0, 0, 0);
		arrived += drain();
	}
}

/* ---- what is measured --------------------------------------------------- */

static void *come_and_go(void *arg)
{
	__u64 begin;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		begin = now();
		expect(umcg_register_server(group, 0) > 0);
		took[REGISTER][i] = now() - begin;
		begin = now();
		expect_eq(umcg_unregister(group), 0);
		took[UNREGISTER][i] = now() - begin;
	}
	return arg;
}

static void measure_register(void)
{
	pthread_t id;

	expect(!pthread_create(&id, NULL, come_and_go, NULL));
	expect(!pthread_join(id, NULL));
	/* they were servers, and are dead ones on the list of their heir */
	drain();
}

static int ends[2];

static long read_often(struct worker *w)
{
	char byte = 0;

	(void)w;
	while (byte != 'q')
		expect_eq(read(ends[0], &byte, 1), 1);
	return 0;
}

static void measure_cycle(void)
{
	struct worker w = { .run = read_often };
	__u64 begin;
	int i;

	worker_hire(&boss, &w);
	expect_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	for (i = 0; i < ROUNDS; i++) {
		begin = now();
		expect_eq(write(ends[1], "x", 1), 1);
		server_expect(&boss, &w, UMCG_EV_WAKE);
		expect_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
		took[CYCLE][i] = now() - begin;
	}
	expect_eq(write(ends[1], "q", 1), 1);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	server_finish(&boss, &w);
}

static long park_often(struct worker *w)
{
	int i;

	for (i = 0; i <= ROUNDS; i++)
		worker_park(w);
	return 0;
}

static void measure_wake(void)
{
	struct worker w = { .run = park_often };
	__u64 begin;
	int i;

	worker_hire(&boss, &w);
	expect_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	for (i = 0; i < ROUNDS; i++) {
		begin = now();
		expect_eq(umcg_wake(group, w.tid), 0);
		took[WAKE][i] = now() - begin;
		server_expect(&boss, &w, UMCG_EV_WAKE);
		expect_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	}
	server_finish(&boss, &w);
}

static struct worker ping, pong;
static __u64 left;
static int handoffs;

/* Each notes how long it took from the other one's last look at the clock. */
static long play(struct worker *w)
{
	struct worker *other = w == &ping ? &pong : &ping;
	__u64 here;

	for (;;) {
		here = now();
		if (handoffs && handoffs <= ROUNDS)
			took[HANDOFF][handoffs - 1] = here - left;
		if (handoffs++ > ROUNDS)
			return 0;
		left = now();
		expect_eq(umcg_run(group, worker_slot(w), other->tid, 0, 0), 0);
	}
}

static void measure_handoff(void)
{
	struct worker *last, *first;

	memset(&ping, 0, sizeof(ping));
	memset(&pong, 0, sizeof(pong));
	ping.run = play;
	pong.run = play;
	handoffs = 0;
	worker_hire(&boss, &ping);
	worker_hire(&boss, &pong);
	expect_eq(server_switch(&boss, &ping, 0), 0);
	/* one of them has come to the end, the other one stands in its WAIT */
	expect_eq(UMCG_CUR_WHY(umcg_cur(boss.self)), UMCG_CUR_EXIT);
	last = UMCG_CUR_SLOT(umcg_cur(boss.self)) == ping.args.slot ? &ping :
								      &pong;
	first = last == &ping ? &pong : &ping;
	pthread_join(last->thread, NULL);
	server_finish(&boss, first);
}

static void measure(__u64 *costs)
{
	int i;

	measure_register();
	measure_cycle();
	measure_wake();
	measure_handoff();
	for (i = 0; i < COSTS; i++)
		costs[i] = median(i);
	note("among %u: register %llu, unregister %llu, block and come back %llu, wake %llu, handoff %llu instructions",
	     population, costs[REGISTER], costs[UNREGISTER], costs[CYCLE],
	     costs[WAKE], costs[HANDOFF]);
}

START_TEST(twenty_thousand)
{
	static const unsigned int sizes[] = { 10, 1000, MOST };
	static const struct sched_param none;
	__u64 costs[3][COSTS];
	unsigned int i, j;

	/*
	 * Whether who is woken preempts who woke it is a switch more or less, and the
	 * scheduler's to choose; it does not for these.
	 */
	expect_sys(sched_setscheduler(0, SCHED_BATCH, &none));
	allow("/proc/sys/kernel/threads-max");
	allow("/proc/sys/kernel/pid_max");
	stacks = mmap(NULL, MOST * STACK, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	expect(stacks != MAP_FAILED);
	expect_sys(pipe(ends));
	group = open_group();
	server_start(&boss, group);
	for (i = 0; i < 3; i++) {
		grow_to(sizes[i]);
		measure(costs[i]);
	}
	for (i = 1; i < 3; i++)
		for (j = 0; j < COSTS; j++)
			if (costs[i][j] * 100 >
			    costs[0][j] * (100 + TOLERANCE))
				ck_abort_msg("%s: %llu instructions among %u, %llu among %u",
					     names[j], costs[i][j], sizes[i],
					     costs[0][j], sizes[0]);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("scale");

	ADD(s, twenty_thousand, 300);
	return s;
}
