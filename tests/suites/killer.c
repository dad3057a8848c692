// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill -9 at any moment, two hundred times or fewer(). What it hit is counted: by
 * the state of each thread as the victim's last look at its slots saw it, some
 * instructions before the end. Nothing may be left behind: no use of the module, no memory,
 * no line in the kernel log.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "kmsg.h"
#include "module.h"
#include "proc.h"
#include "slab.h"
#include "suite.h"
#include "uffd.h"

#define KILLS	((int)fewer(200))
#define WARM	((int)fewer(40)) /* before anything is compared: caches fill */
#define HANDS	14
#define PLACES	64 /* slots to look at */
#define LEAK_MAX	(200 * 1024)

enum hit {
	NO_GROUP, IDLE, BUSY, REGISTERED, RUNNING, IN_CALL, IN_FAULT, QUEUED,
	TAKEN, PARKED, PREEMPTED, GONE, HITS
};

static const char *const hit_names[HITS] = {
	"before the group", "server idle", "server busy", "never run yet",
	"running", "blocked in a call", "blocked in a fault", "on a list",
	"taken, not run", "parked", "preempted", "gone",
};

/* Shared with the victims. */
static int *seen; /* by enum hit, in the present one */

static struct umcg_group *group;
static struct fifo fifo;
static struct uffd pages;
static struct worker hands[HANDS];

static enum hit state_of(const struct umcg_task *t)
{
	__u32 state = umcg_state(t), events = t->events;

	switch (UMCG_STATE(state)) {
	case UMCG_TASK_NONE:
		return GONE;
	case UMCG_TASK_RUNNING:
		/* a worker has a server in cur, a server has none for a home */
		if (t->user >= (unsigned long)&hands[0] &&
		    t->user < (unsigned long)&hands[HANDS])
			return RUNNING;
		return state & UMCG_TF_IDLE ? IDLE : BUSY;
	case UMCG_TASK_BLOCKED:
		return UMCG_BLOCKED_IN(state) == UMCG_BLOCKED_FAULT ? IN_FAULT :
								      IN_CALL;
	}
	if (state & UMCG_TF_PARKED)
		return PARKED;
	if (!t->cur)
		return REGISTERED;
	if (!(events & UMCG_EV_QUEUED))
		return TAKEN;
	return events & UMCG_EV_PREEMPT ? PREEMPTED : QUEUED;
}

/*
 * How long a victim lives: from its very first moment, or since all are there; or
 * it dies before it has opened a group.
 */
struct life {
	bool unborn;
	bool young;
	__u64 ns;
};

static bool all_there;

/* In the victim, as its very last act. */
static void *end_it(void *arg)
{
	const struct life *life = arg;
	struct umcg_group *g;
	const struct umcg_task *t;
	__u32 i;

	if (!life->young)
		wait_for(__atomic_load_n(&all_there, __ATOMIC_SEQ_CST));
	sleep_ns(life->ns);
	g = __atomic_load_n(&group, __ATOMIC_SEQ_CST);
	if (!g)
		seen[NO_GROUP]++;
	for (i = 1; g && i < PLACES; i++) {
		t = umcg_slot(g, i);
		if (t->gen)
			seen[state_of(t)]++;
	}
	kill(getpid(), SIGKILL);
	return NULL;
}

static void act(struct worker *w, unsigned int i)
{
	static __u32 never;
	struct timespec t = { .tv_nsec = i % 7 * 50 * USEC };
	char *page = pages.memory + (w - hands) * pages.page;
	unsigned int j;

	switch (i % 6) {
	case 0:
		syscall(SYS_nanosleep, &t, NULL);
		break;
	case 1:
		syscall(SYS_futex, &never, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0);
		break;
	case 2:
		madvise(page, pages.page, MADV_DONTNEED);
		*(volatile char *)page;
		break;
	case 3:
		umcg_run(w->group, worker_slot(w), 0, UMCG_WAIT_ENQUEUE, 0);
		break;
	case 4:
		umcg_run(w->group, worker_slot(w), 0, 0, 0);
		break;
	default:
		for (j = 0; j < 200; j++)
			cpu_relax();
	}
}

static long work(struct worker *w)
{
	unsigned int i, seed = w->tid;

	for (i = 0; i < 4; i++)
		act(w, rand_r(&seed));
	return 0;
}

/* A third server, which takes its time between the list and the switch. */
static void *dawdle(void *arg)
{
	static struct server s;
	struct worker *w;
	__u32 events;

	(void)arg;
	server_start(&s, group);
	for (;;) {
		w = server_next(&s, &events);
		sleep_ns(300 * USEC);
		if (events & UMCG_EV_EXIT)
			continue;
		/*
		 * Not server_wait(): once its worker has exited, stir() may start
		 * the next one in *w before this server looks at it.
		 */
		while (!server_switch(&s, w, 0) &&
		       !(umcg_next_tid(s.self) & UMCG_TID_RUNNING))
			; /* something was pending before */
		while (UMCG_CUR_WHY(umcg_cur(s.self)) == UMCG_CUR_RUNNING)
			umcg_wait(group, 0, 0);
	}
	return NULL;
}

/* Wakes, kicks, serves pages; replaces workers that are done. */
static void stir(void)
{
	unsigned int i, seed = 1;

	for (;;) {
		i = rand_r(&seed) % HANDS;
		umcg_wake(group, hands[i].tid);
		umcg_kick(group, hands[rand_r(&seed) % HANDS].tid, 0);
		for (i = 0; i < HANDS; i++)
			uffd_serve_zero(&pages, i);
		sleep_ns(100 * USEC);
		/* not all at once, or nobody would see that they are gone */
		i = rand_r(&seed) % HANDS;
		if (!pthread_tryjoin_np(hands[i].thread, NULL))
			worker_start(&hands[i], group,
				     fifo_home(&fifo, (int)(i % 3) - 1));
	}
}

static void victim(struct life *life)
{
	struct umcg_group *g;
	pthread_t thread;
	int i;

	cgroup_put("cgroup.procs", "0");
	if (life->unborn)
		end_it(life);
	expect(!pthread_create(&thread, NULL, end_it, life));
	uffd_open(&pages, HANDS);
	g = open_group();
	__atomic_store_n(&group, g, __ATOMIC_SEQ_CST);
	fifo_start(&fifo, g, 2);
	expect(!pthread_create(&thread, NULL, dawdle, NULL));
	for (i = 0; i < HANDS; i++) {
		hands[i].run = work;
		hands[i].dies = i % 2;
		worker_start(&hands[i], g, fifo_home(&fifo, i % 3 - 1));
	}
	__atomic_store_n(&all_there, true, __ATOMIC_SEQ_CST);
	stir();
}

static unsigned long used(void)
{
	return count_lines("/proc/vmallocinfo", "[umcg]");
}

static void kill_one(int *hits)
{
	struct life life = { .young = rand() % 4 == 0 };
	pid_t child;
	int i, status;

	/* the young ones, often enough, while they begin */
	life.ns = rand() % (life.young && rand() % 2 ? 2 * MSEC : 15 * MSEC);
	life.unborn = life.young && rand() % 4 == 0;
	if (life.unborn)
		life.ns = 0;
	memset(seen, 0, HITS * sizeof(*seen));
	child = expect_sys(fork());
	if (!child)
		victim(&life);
	expect_sys(waitpid(child, &status, 0));
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	for (i = 0; i < HITS; i++)
		hits[i] += !!seen[i];
}

/* In kB. */
static long lost_of(long available)
{
	return available - read_number("/proc/meminfo", "MemAvailable:");
}

static bool all_were_hit(const int *hits)
{
	int i;

	for (i = 0; i < HITS; i++)
		if (!hits[i])
			return false;
	return true;
}

START_TEST(at_any_moment)
{
	int log = kmsg_open();
	int before = module_refcount(), hits[HITS] = { 0 }, i;
	bool counted = cgroup_make("memory");
	unsigned long areas;
	long kernel = 0, available;

	seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	expect(seen != MAP_FAILED);
	srand(4711);
	for (i = 0; i < WARM; i++)
		kill_one(hits);
	wait_for(module_refcount() == before);
	areas = used();
	available = read_number("/proc/meminfo", "MemAvailable:");
	if (counted)
		kernel = cgroup_number("memory.stat", "kernel ");
	/* what is hit seldom may be missed for long */
	for (; i < KILLS || (!all_were_hit(hits) && i < 4 * KILLS); i++)
		kill_one(hits);
	note("killed %d times, and hit", i);
	for (i = 0; i < HITS; i++)
		note("%6d %s", hits[i], hit_names[i]);
	for (i = 0; i < HITS; i++)
		ck_assert_int_gt(hits[i], 0);

	wait_for(module_refcount() == before);
	ck_assert_uint_le(used(), areas);
	wait_for(slab_objects("umcg_thread") <= 0);
	/* what the dead had is not all given back at once */
	wait_for(lost_of(available) < 16 * 1024);
	note("%ld kB less are available", lost_of(available));
	if (counted && kernel >= 0) {
		wait_for(cgroup_number("memory.stat", "kernel ") <
			 kernel + LEAK_MAX);
		note("kernel memory of the dead: %ld bytes, %ld after %d",
		     cgroup_number("memory.stat", "kernel "), kernel, WARM);
	}
	kmsg_clean(log);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("killer");

	ADD(s, at_any_moment, 200);
	return s;
}
