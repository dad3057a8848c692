// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parent of a generation. It sees its children from outside only: that they
 * can always be killed, and that nothing of them is left.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fuzz.h"
#include "module.h"
#include "proc.h"
#include "slab.h"
#include "suite.h"

/* One more than the children: the tracer. */
struct family {
	struct fuzz_shared *shared;
	unsigned long seed;
	unsigned int births;
	pid_t pids[FUZZ_CHILDREN + 1];
};

static void bear(struct family *f, unsigned int i)
{
	unsigned int birth = f->births++;
	pid_t pid = fork();

	if (!pid && i == FUZZ_CHILDREN)
		fuzz_tracer(f->shared, fuzz_state(f->seed, birth, 9999));
	if (!pid)
		fuzz_child(f->shared, i, f->seed, birth);
	/* by both, so that it is done whoever comes first */
	if (pid > 0)
		setpgid(pid, pid);
	f->pids[i] = pid > 0 ? pid : 0;
}

/* What it has forked goes with it. */
static void bury(struct family *f, pid_t pid)
{
	unsigned int i;

	for (i = 0; i <= FUZZ_CHILDREN; i++) {
		if (f->pids[i] != pid)
			continue;
		kill(-pid, SIGKILL);
		f->pids[i] = 0;
		if (i < FUZZ_CHILDREN)
			memset(f->shared->tids[i], 0,
			       sizeof(f->shared->tids[i]));
	}
}

static void reap(struct family *f)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
		bury(f, pid);
}

static void send_one(struct family *f, __u64 *random)
{
	unsigned int i = fuzz_below(random, FUZZ_CHILDREN);
	pid_t pid = f->pids[i];
	pid_t tid = f->shared->tids[i][fuzz_below(random, FUZZ_THREADS)];
	__u32 what = fuzz_below(random, 100);

	if (!pid)
		return;
	if (what < 50)
		kill(pid, SIGCONT);
	else if (what < 60)
		kill(pid, SIGSTOP);
	else if (what < 80 && tid)
		syscall(SYS_tgkill, pid, tid, SIGUSR1);
	else if (what < 96)
		kill(pid, what % 2 ? SIGUSR1 : SIGUSR2);
	else if (what < 98)
		fuzz_count(f->shared, FUZZ_KILL, kill(pid, SIGKILL));
}

static void live(struct family *f, __u64 ns, __u64 random)
{
	__u64 end = now() + ns;
	unsigned int i;

	while (now() < end && !f->shared->wrong[0]) {
		for (i = 0; i <= FUZZ_CHILDREN; i++)
			if (!f->pids[i])
				bear(f, i);
		send_one(f, &random);
		sleep_ns(fuzz_below(&random, 4 * MSEC));
		reap(f);
	}
}

/* Whoever cannot be killed: where it is. */
static void tell_where(pid_t pid)
{
	char command[160];

	snprintf(command, sizeof(command),
		 "cd /proc/%d/task && for t in *; do cat $t/stat $t/wchan $t/stack; done",
		 pid);
	if (system(command))
		fprintf(stderr, "nothing is known of %d\n", pid);
}

static void end(struct family *f)
{
	unsigned int i, tries = 0;

	for (i = 0; i <= FUZZ_CHILDREN; i++)
		if (f->pids[i])
			kill(-f->pids[i], SIGKILL);
	for (;;) {
		reap(f);
		if (waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD)
			return;
		if (!wait_more(tries++))
			break;
	}
	for (i = 0; i <= FUZZ_CHILDREN; i++)
		if (f->pids[i])
			tell_where(f->pids[i]);
	fuzz_wrong(f->shared, "somebody cannot be killed");
}

static bool can_query(void)
{
	struct umcg_query query = { .size = sizeof(query) };
	int fd = open(UMCG_DEVICE, O_RDWR | O_CLOEXEC);
	int error = ioctl(fd, UMCG_IOC_QUERY, &query);

	close(fd);
	return !error && query.api_level == UMCG_API_LEVEL &&
	       query.map_size && query.size == sizeof(query);
}

static void look(struct fuzz_shared *s, int users)
{
	unsigned int tries = 0;

	while (module_refcount() != users || slab_objects("umcg_thread") > 0)
		if (!wait_more(tries++))
			break;
	if (module_refcount() != users)
		fuzz_wrong(s, "%d use the module, and %d did before",
			   module_refcount(), users);
	if (slab_objects("umcg_thread") > 0)
		fuzz_wrong(s, "%ld threads' objects are left",
			   slab_objects("umcg_thread"));
	if (!can_query())
		fuzz_wrong(s, "QUERY has changed its mind");
}

bool fuzz_generation(struct fuzz_shared *s, unsigned long seed,
		     unsigned int generation, __u64 ns)
{
	struct family f = { .shared = s, .seed = seed,
			    .births = generation * 1000 };
	int users = module_refcount();

	/* what a child has forked is ours when that child is gone */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	live(&f, ns, fuzz_state(seed, generation, 10000));
	end(&f);
	look(s, users);
	return !s->wrong[0];
}
