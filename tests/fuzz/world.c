// SPDX-License-Identifier: GPL-2.0-only
/* What else a thread does: sleeps, faults, forks, execs, signals, its memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "fuzz.h"

static void block(struct fuzz_thread *t)
{
	struct timespec ts = { .tv_nsec = fuzz_below(&t->random, MSEC) };
	static __u32 never;
	char byte = 0;
	long result = 0;

	switch (fuzz_below(&t->random, 6)) {
	case 0:
		result = syscall(SYS_nanosleep, &ts, NULL);
		break;
	case 1:
		result = read(t->child->pipe[0], &byte, 1);
		break;
	case 2:
	case 3:
		result = write(t->child->pipe[1], &byte, 1);
		break;
	case 4:
		syscall(SYS_futex, &never, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0);
		break;
	default:
		sched_yield();
	}
	fuzz_count(t->child->shared, FUZZ_BLOCK, result);
}

/* Another process has the file; all it may do is ask, and close. */
static void in_fork(struct fuzz_thread *t)
{
	static const unsigned long requests[] = {
		UMCG_IOC_REGISTER, UMCG_IOC_UNREGISTER, UMCG_IOC_WAIT,
		UMCG_IOC_WAKE, UMCG_IOC_KICK,
	};
	unsigned long request = requests[fuzz_below(&t->random, 5)];
	char *const argv[] = { "fuzz", FUZZ_EXEC_ARG, NULL };
	char *const envp[] = { NULL };
	long result = syscall(SYS_ioctl, t->child->fd, request,
			      fuzz_pointer(t));

	if (result >= 0 || (errno != EPERM && errno != EBADF))
		fuzz_wrong(t->child->shared,
			   "call %#lx of a fork's gives %ld, errno %d", request,
			   result, errno);
	if (fuzz_once_in(&t->random, 4))
		execve("/proc/self/exe", argv, envp);
	_exit(0);
}

static void fork_one(struct fuzz_thread *t)
{
	static const unsigned long flags[] = {
		SIGCHLD, CLONE_VFORK | SIGCHLD, CLONE_FILES | SIGCHLD,
	};
	long pid = syscall(SYS_clone, flags[fuzz_below(&t->random, 3)], 0, 0, 0,
			   0);

	if (!pid)
		in_fork(t);
	fuzz_count(t->child->shared, FUZZ_FORK, pid);
}

static void exec(struct fuzz_thread *t)
{
	char *const argv[] = { "fuzz", FUZZ_EXEC_ARG, NULL };
	char *const envp[] = { NULL };

	fuzz_count(t->child->shared, FUZZ_EXEC, 0);
	execve("/proc/self/exe", argv, envp);
}

/* More mappings than the one we look at, and everything that is done to one. */
static void map(struct fuzz_thread *t)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_WILLNEED, MADV_DOFORK, MADV_DONTFORK,
		MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_WRITE, MADV_FREE,
		MADV_REMOVE, MADV_MERGEABLE, MADV_HUGEPAGE, MADV_UNMERGEABLE,
	};
	__u64 *r = &t->random;
	size_t size = 4096 * (1 + fuzz_below(r, 8));
	off_t offset = fuzz_once_in(r, 8) ? (off_t)fuzz_hostile(r) & ~4095 :
					    (off_t)(4096 * fuzz_below(r, 4));
	int prot = fuzz_below(r, 4) ? PROT_READ | PROT_WRITE :
				      fuzz_below(r, 8);
	int flags = fuzz_below(r, 8) ? MAP_SHARED : MAP_PRIVATE;
	char *p = mmap(NULL, size, prot, flags, t->child->fd, offset);

	fuzz_count(t->child->shared, FUZZ_MAP, p == MAP_FAILED ? -1 : 0);
	/* the one that counts is told the same */
	madvise(p != MAP_FAILED && fuzz_below(r, 2) ?
			p : (char *)t->child->slots,
		4096, advice[fuzz_below(r, sizeof(advice) / sizeof(*advice))]);
	if (p == MAP_FAILED)
		return;
	mprotect(p, size, fuzz_below(r, 8));
	mlock(p, size);
	p = mremap(p, size, 4096 * (1 + fuzz_below(r, 10)), MREMAP_MAYMOVE);
	if (p != MAP_FAILED)
		munmap(p, 10 * 4096);
}

static void signals(struct fuzz_thread *t)
{
	static const int numbers[] = { SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH };
	__u64 *r = &t->random;
	pid_t tid = t->child->shared->tids[t->child->index]
					  [fuzz_below(r, FUZZ_THREADS)];
	sigset_t set;
	long result = 0;

	switch (fuzz_below(r, 4)) {
	case 0:
		sigemptyset(&set);
		if (fuzz_below(r, 2))
			sigaddset(&set, SIGUSR1);
		sigprocmask(SIG_SETMASK, &set, NULL);
		break;
	case 1:
		result = kill(getpid(), numbers[fuzz_below(r, 4)]);
		break;
	default:
		if (tid)
			result = syscall(SYS_tgkill, getpid(), tid,
					 numbers[fuzz_below(r, 4)]);
	}
	fuzz_count(t->child->shared, FUZZ_SIGNAL, result);
}

static void section(struct fuzz_thread *t)
{
	if (t->slot)
		t->child->slots[t->slot % FUZZ_SLOTS].section =
			fuzz_below(&t->random, 4);
}

static void place(struct fuzz_thread *t)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(fuzz_below(&t->random, 4), &set);
	if (fuzz_below(&t->random, 2))
		CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void spin(struct fuzz_thread *t)
{
	__u64 end = now() + fuzz_below(&t->random, 500 * USEC);

	while (now() < end)
		cpu_relax();
}

void fuzz_live(struct fuzz_thread *t)
{
	__u32 what = fuzz_below(&t->random, 1000);

	if (what < 500)
		block(t);
	else if (what < 650)
		spin(t);
	else if (what < 780)
		signals(t);
	else if (what < 850)
		map(t);
	else if (what < 900)
		section(t);
	else if (what < 930)
		place(t);
	else if (what < 980)
		fork_one(t);
	else if (what < 998)
		t->leave = true;
	else if (fuzz_once_in(&t->random, 4))
		exec(t);
}
