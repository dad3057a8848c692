// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody's process, in a memory cgroup with a limit, asks for as much of the
 * kernel's memory as it can get by us: groups, slots, threads, and threads that
 * are gone but not taken from their list. All of it is charged: at the limit the
 * cgroup's own processes get no more or are killed, and the machine has lost what
 * the limit says.
 */
/* vm: --smp 2 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "module.h"
#include "nobody.h"
#include "proc.h"
#include "slab.h"
#include "suite.h"

#define MB		(1024L * 1024)
#define LIMIT		(24 * MB)
#define SLACK		(24 * MB) /* what the rest of the system does meanwhile */
#define FILES		4096
#define STACK		(16 * 1024)

/* Told by the attacker as it goes, and once it is refused: errno. */
struct tally {
	unsigned long groups, pages, threads, dead;
	int error;
};

static struct tally *tally;

static void refused(int error)
{
	__atomic_store_n(&tally->error, error, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

static int open_one(void)
{
	int fd = open(UMCG_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno != EMFILE)
		refused(errno);
	if (fd >= 0)
		tally->groups++;
	return fd;
}

/* Files have a limit of their own, for each process. */
static void groups(void *arg)
{
	struct rlimit files = { FILES, FILES };
	pid_t pid;

	(void)arg;
	setrlimit(RLIMIT_NOFILE, &files);
	for (;;) {
		while (open_one() >= 0)
			;
		pid = fork();
		if (pid < 0)
			refused(errno);
		if (pid)
			pause();
	}
}

static void slots(void *arg)
{
	struct umcg_query q = { .size = sizeof(q) };
	size_t i;
	char *p;
	int fd;

	(void)arg;
	for (;;) {
		fd = open_one();
		expect(!raw_ioctl(fd, UMCG_IOC_QUERY, &q));
		p = mmap(NULL, q.map_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fd, 0);
		if (p == MAP_FAILED)
			refused(errno);
		for (i = 0; i < q.map_size; i += 4096, tally->pages++)
			p[i] = 1;
	}
}

static struct umcg_group *group;

static void *be_a_server(void *arg)
{
	int slot = umcg_register_server(group, 0);

	if (slot < 0)
		refused(-slot);
	__atomic_fetch_add(&tally->threads, 1, __ATOMIC_SEQ_CST);
	pause();
	return arg;
}

static void threads(void *arg)
{
	pthread_attr_t attr;
	pthread_t id;
	int error;

	(void)arg;
	group = open_group();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (;;) {
		error = pthread_create(&id, &attr, be_a_server, NULL);
		if (error)
			refused(error);
	}
}

/* A server that leaves is put on the list of another one, who never looks. */
static void *leave_often(void *arg)
{
	int slot;

	for (;;) {
		slot = umcg_register_server(group, 0);
		if (slot == -ENOSPC)
			return NULL;
		if (slot < 0)
			refused(-slot);
		umcg_unregister(group);
		tally->dead++;
	}
	return arg;
}

static void dead(void *arg)
{
	pthread_t id;

	for (;;) {
		group = open_group();
		/* the heir; the next group's is another thread */
		expect(!pthread_create(&id, NULL, be_a_server, NULL));
		wait_for(__atomic_load_n(&tally->threads, __ATOMIC_SEQ_CST));
		tally->threads = 0;
		leave_often(arg);
	}
}

static long available(void)
{
	return read_number("/proc/meminfo", "MemAvailable:") * 1024;
}

static void in_the_cgroup(void (*run)(void *arg))
{
	expect(cgroup_put("cgroup.procs", "0"));
	nobody_become();
	run(NULL);
}

/* Until it is refused or killed; the least that was available meanwhile. */
static long watch(pid_t pid, int *status)
{
	long least = available(), here;

	while (!__atomic_load_n(&tally->error, __ATOMIC_SEQ_CST)) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return least;
		here = available();
		if (here < least)
			least = here;
		sleep_ns(MSEC);
	}
	expect_sys(kill(-pid, SIGKILL));
	expect_sys(waitpid(pid, status, 0));
	return least;
}

static bool is_empty(void)
{
	return cgroup_number("cgroup.events", "populated ") == 0;
}

static void attack(void (*run)(void *arg))
{
	int before = module_refcount(), status;
	char limit[32];
	long killed, calm, least;
	pid_t pid;

	tally = shared_memory(sizeof(*tally));
	snprintf(limit, sizeof(limit), "%ld", LIMIT);
	expect(cgroup_put("memory.max", limit));
	cgroup_put("memory.swap.max", "0");
	/* one of them is the end of all */
	expect(cgroup_put("memory.oom.group", "1"));
	killed = cgroup_number("memory.events", "oom_kill ");
	calm = available();
	pid = expect_sys(fork());
	if (!pid) {
		setpgid(0, 0);
		in_the_cgroup(run);
	}
	setpgid(pid, pid);
	least = watch(pid, &status);
	wait_for(is_empty());
	killed = cgroup_number("memory.events", "oom_kill ") - killed;
	note("%lu groups, %lu pages of slots, %lu threads, %lu dead ones: %ld killed, errno %d; %ld kB less were available",
	     tally->groups, tally->pages, tally->threads, tally->dead, killed,
	     tally->error, (calm - least) / 1024);
	ck_assert(killed > 0 || tally->error == ENOMEM ||
		  tally->error == EAGAIN);
	ck_assert_int_lt(calm - least, LIMIT + SLACK);
	wait_for(module_refcount() == before);
	wait_for(slab_objects("umcg_thread") <= 0);
}

static bool has_cgroup(void)
{
	return cgroup_make("memory") &&
	       cgroup_number("memory.events", "oom_kill ") >= 0;
}

START_TEST(groups_are_charged)
{
	if (!has_cgroup())
		skip("no memory cgroup");
	attack(groups);
	ck_assert_int_gt(tally->groups, 500);
}
END_TEST

START_TEST(slots_are_charged)
{
	if (!has_cgroup())
		skip("no memory cgroup");
	attack(slots);
	ck_assert_int_gt(tally->pages * 4096, LIMIT / 2);
}
END_TEST

START_TEST(threads_are_charged)
{
	if (!has_cgroup())
		skip("no memory cgroup");
	attack(threads);
	ck_assert_int_gt(tally->threads, 100);
}
END_TEST

START_TEST(the_dead_are_charged)
{
	if (!has_cgroup())
		skip("no memory cgroup");
	attack(dead);
	ck_assert_int_gt(tally->dead, 10000);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("abuse_memory");

	ADD(s, groups_are_charged, 60);
	ADD(s, slots_are_charged, 60);
	ADD(s, threads_are_charged, 60);
	ADD(s, the_dead_are_charged, 60);
	return s;
}
