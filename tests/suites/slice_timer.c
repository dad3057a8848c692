// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timer behind slices: it is there when it is needed only, leaves alone who
 * got no processor, and does not become a storm when many do not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "proc.h"
#include "suite.h"

#define SLICE		(5 * MSEC)
#define LONG_SLICE	(20 * SEC)
#define SHORTEST	(100 * USEC)
#define STARVE_NS	(200 * MSEC)
#define CROWD		16

static struct umcg_group *group;
static struct server boss;
static int stop;

static void begin(__u64 slice)
{
	group = open_group();
	server_start_as(&boss, group, 0, slice);
}

static void end_spinning(void)
{
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
}

static long park_once(struct worker *w)
{
	worker_park(w);
	return 0;
}

static unsigned long slice_timers(void)
{
	return count_lines("/proc/timer_list", "umcg_slice_timer");
}

static unsigned long while_it_ran = 0x5a5a;

static void *look_and_end(void *arg)
{
	struct worker *w = arg;

	wait_for(step_get(w));
	/* another that fires as the kernel counts them hides one */
	wait_for((while_it_ran = slice_timers()) != 0);
	end_spinning();
	return NULL;
}

/* Nobody runs: at most what was set before is left, and that only once. */
START_TEST(no_timer_when_nobody_runs)
{
	struct worker parker = { .run = park_once };
	struct worker w = { .run = worker_spin, .arg = &stop };
	struct worker late = { .run = worker_spin, .arg = &stop,
			       .args = { .slice_ns = LONG_SLICE } };
	pthread_t thread;

	if (!count_lines("/proc/timer_list", "tick"))
		skip("/proc/timer_list says nothing");
	begin(300 * MSEC);
	worker_hire(&boss, &parker);
	worker_hire(&boss, &w);
	worker_hire(&boss, &late);
	ck_assert_uint_eq(slice_timers(), 0);
	ck_assert_int_eq(server_run(&boss, &parker), UMCG_CUR_WAIT);
	expect(!pthread_create(&thread, NULL, look_and_end, &w));
	server_run_out(&boss, &w);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(while_it_ran, 1);
	wait_for(!slice_timers());
	server_run_out(&boss, &parker);
	wait_for(!slice_timers());
	/* a server takes its timer along, however far that is set */
	server_run_out(&boss, &late);
	wait_for(slice_timers() == 1);
	ck_assert_int_eq(umcg_unregister(group), 0);
	ck_assert_uint_eq(slice_timers(), 0);
}
END_TEST

static bool write_if_there(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	expect_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return true;
}

/*
 * The scheduler would take a hog off after 0.95 s, for the sake of the others: by a
 * server of theirs, or, where there is none yet, by throttling it.
 */
static void let_hogs_live(bool live)
{
	if (!write_if_there("/sys/kernel/debug/sched/fair_server/cpu1/runtime",
			    live ? "0" : "50000000"))
		write_if_there("/proc/sys/kernel/sched_rt_runtime_us",
			       live ? "-1" : "950000");
}

enum { NO_HOG, HOG, GO_AWAY };

static int hog_is;

/* The only thread of processor 1 that runs, until it is sent away. */
static void *hog(void *arg)
{
	struct sched_param param = { .sched_priority = 50 };

	pin(0, 1);
	expect_sys(sched_setscheduler(0, SCHED_FIFO, &param));
	__atomic_store_n(&hog_is, HOG, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&hog_is, __ATOMIC_SEQ_CST) == HOG)
		cpu_relax();
	return arg;
}

static pthread_t start_hog(void)
{
	pthread_t thread;

	let_hogs_live(true);
	hog_is = NO_HOG;
	expect(!pthread_create(&thread, NULL, hog, NULL));
	wait_for(__atomic_load_n(&hog_is, __ATOMIC_SEQ_CST) == HOG);
	return thread;
}

static void end_hog(pthread_t thread)
{
	__atomic_store_n(&hog_is, GO_AWAY, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	let_hogs_live(false);
}

/* What it had of a processor once it had one, until it was preempted. */
static __u64 starve(struct worker *w)
{
	__u64 cpu = proc_cpu_ns(w->tid), begun, ran;
	unsigned int step = step_get(w);
	pthread_t thread = start_hog();

	/* the time may be over before it is started */
	do {
		begun = now();
		ck_assert_int_eq(server_switch(&boss, w, begun + STARVE_NS),
				 -ETIMEDOUT);
	} while (!(umcg_next_tid(boss.self) & UMCG_TID_RUNNING));
	ck_assert_uint_eq(umcg_cur(boss.self), w->args.slot | UMCG_CUR_RUNNING);
	ck_assert_uint_eq(worker_state(w), UMCG_TASK_RUNNING);
	ck_assert_uint_eq(step_get(w), step);
	end_hog(thread);
	ck_assert_int_eq(server_wait(&boss, w), UMCG_CUR_PREEMPT);
	ran = proc_cpu_ns(w->tid) - cpu;
	note("preempted after %llu ms, with %llu us of a processor",
	     (now() - begun) / MSEC, ran / USEC);
	ck_assert_uint_gt(step_get(w), step);
	server_expect(&boss, w, UMCG_EV_PREEMPT);
	return ran;
}

/*
 * It has had no time that could be over; once it has had it, it is. The looks at
 * it get rare meanwhile, not that rare. When the host stops the guest for long,
 * that counts as its time: it has three tries.
 */
START_TEST(who_has_no_processor_is_not_preempted)
{
	struct worker w = { .run = worker_spin, .arg = &stop };
	int tries = 3;

	if (cpu_count() < 2)
		skip("this takes two processors");
	pin(0, 0);
	begin(SLICE);
	worker_hire(&boss, &w);
	pin(w.tid, 1);
	while (starve(&w) >= STARVE_NS / 2)
		ck_assert_int_gt(--tries, 0);
	end_spinning();
	server_run_out(&boss, &w);
}
END_TEST

static struct crew {
	struct server server;
	struct worker worker;
	pthread_t thread;
	bool ready;
} crews[CROWD];

static bool go;

/* A server and its worker, which gets no processor for the whole time. */
static void *serve_the_starved(void *arg)
{
	struct crew *c = arg;

	pin(0, 0);
	server_start_as(&c->server, group, 0, SHORTEST);
	worker_hire(&c->server, &c->worker);
	pin(c->worker.tid, 1);
	__atomic_store_n(&c->ready, true, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&go, __ATOMIC_SEQ_CST))
		sleep_ns(MSEC);
	server_run_out(&c->server, &c->worker);
	return NULL;
}

static void start_crews(void)
{
	int i;

	for (i = 0; i < CROWD; i++) {
		crews[i].worker.run = worker_spin;
		crews[i].worker.arg = &stop;
		expect(!pthread_create(&crews[i].thread, NULL,
				       serve_the_starved, &crews[i]));
	}
	for (i = 0; i < CROWD; i++)
		wait_for(__atomic_load_n(&crews[i].ready, __ATOMIC_SEQ_CST));
}

/*
 * As many timers as servers, each of which could fire every 100 us and find
 * nothing that it can do.
 */
START_TEST(many_short_slices_without_a_processor)
{
	unsigned long before, after, all = CROWD * (STARVE_NS / SHORTEST);
	pthread_t thread;
	int i;

	if (cpu_count() < 2)
		skip("this takes two processors");
	pin(0, 0);
	begin(0);
	start_crews();
	thread = start_hog();
	__atomic_store_n(&go, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < CROWD; i++)
		wait_for(worker_state(&crews[i].worker) == UMCG_TASK_RUNNING);
	before = timer_interrupts();
	sleep_ns(STARVE_NS);
	after = timer_interrupts();
	for (i = 0; i < CROWD; i++)
		ck_assert_uint_eq(step_get(&crews[i].worker), 0);
	note("%lu timer interrupts; one for each slice would be %lu",
	     after - before, all);
	ck_assert_uint_lt(after - before, all / 10);
	end_hog(thread);
	end_spinning();
	for (i = 0; i < CROWD; i++)
		pthread_join(crews[i].thread, NULL);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("slice_timer");

	ADD(s, no_timer_when_nobody_runs, 30);
	ADD(s, who_has_no_processor_is_not_preempted, 30);
	ADD(s, many_short_slices_without_a_processor, 30);
	return s;
}
