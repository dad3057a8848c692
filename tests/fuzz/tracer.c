// SPDX-License-Identifier: GPL-2.0-only
/* A debugger of whoever comes along: stops it, steps it, forgets about it. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fuzz.h"

#define STEPS	20

/* Not for ever: one that is being killed may never stop. */
static bool stops(pid_t tid)
{
	int i, status;

	for (i = 0; i < 50; i++) {
		if (waitpid(tid, &status, __WALL | WNOHANG) == tid)
			return WIFSTOPPED(status);
		sleep_ns(100 * USEC);
	}
	return false;
}

static bool step(pid_t tid, __u64 *random)
{
	static const int requests[] = {
		PTRACE_CONT, PTRACE_SYSCALL, PTRACE_SINGLESTEP, PTRACE_LISTEN,
	};
	int signal = fuzz_once_in(random, 8) ? SIGUSR1 : 0;

	if (ptrace(requests[fuzz_below(random, 4)], tid, NULL, signal))
		ptrace(PTRACE_CONT, tid, NULL, NULL);
	sleep_ns(fuzz_below(random, 300 * USEC));
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	return stops(tid);
}

static void visit(struct fuzz_shared *s, pid_t tid, __u64 *random)
{
	unsigned int steps = fuzz_below(random, STEPS);
	long result = ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACESYSGOOD);

	fuzz_count(s, FUZZ_TRACE, result);
	if (result)
		return;
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	if (!stops(tid))
		return;
	while (steps-- && step(tid, random))
		;
	ptrace(PTRACE_DETACH, tid, NULL, NULL);
}

void fuzz_tracer(struct fuzz_shared *s, __u64 random)
{
	pid_t tid;
	int status;

	setpgid(0, 0);
	/* A thread that it could not let go is let go when it ends. */
	while (fuzz_below(&random, 30)) {
		tid = s->tids[fuzz_below(&random, FUZZ_CHILDREN)]
			     [fuzz_below(&random, FUZZ_THREADS)];
		if (tid)
			visit(s, tid, &random);
		while (waitpid(-1, &status, __WALL | WNOHANG) > 0)
			;
		sleep_ns(fuzz_below(&random, 2 * MSEC));
	}
	_exit(0);
}
