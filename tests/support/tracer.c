// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "tracer.h"

struct order {
	char what;
	pid_t tid;
};

/*
 * The tracer is told of a stop before the thread has left the CPU. A request to
 * the thread is carried out when it has.
 */
static bool stopped(pid_t tid)
{
	siginfo_t info;
	int status;

	return waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status) &&
	       !ptrace(PTRACE_GETSIGINFO, tid, NULL, &info);
}

static bool obey(char what, pid_t tid)
{
	switch (what) {
	case 's':
		return !ptrace(PTRACE_SEIZE, tid, NULL,
			       PTRACE_O_TRACESYSGOOD) &&
		       !ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) &&
		       stopped(tid);
	case 'c':
		return !ptrace(PTRACE_SYSCALL, tid, NULL, NULL);
	case 'w':
		return stopped(tid);
	case 'd':
		return !ptrace(PTRACE_DETACH, tid, NULL, NULL);
	}
	return false;
}

static void trace(int orders, int answers)
{
	struct order o;
	char answer;

	while (read(orders, &o, sizeof(o)) == sizeof(o)) {
		answer = obey(o.what, o.tid);
		if (write(answers, &answer, 1) != 1)
			break;
	}
	_exit(0);
}

void tracer_start(struct tracer *t)
{
	int orders[2], answers[2];

	expect_sys(pipe(orders));
	expect_sys(pipe(answers));
	if (!expect_sys(fork())) {
		close(orders[1]);
		trace(orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	t->orders = orders[1];
	t->answers = answers[0];
}

static bool order(struct tracer *t, char what)
{
	struct order o = { .what = what, .tid = t->tid };
	char answer = 0;

	expect_eq(write(t->orders, &o, sizeof(o)), sizeof(o));
	expect_eq(read(t->answers, &answer, 1), 1);
	return answer;
}

bool tracer_stop(struct tracer *t, pid_t tid)
{
	t->tid = tid;
	return order(t, 's');
}

void tracer_to_call(struct tracer *t)
{
	expect(order(t, 'c'));
}

void tracer_at_call(struct tracer *t)
{
	expect(order(t, 'w'));
}

void tracer_detach(struct tracer *t)
{
	expect(order(t, 'd'));
}
