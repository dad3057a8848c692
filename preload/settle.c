// SPDX-License-Identifier: MIT
/*
 * To repeat itself, random has to choose among the same threads each time: so a new one
 * is in the queue before who made it goes on. Without that, how soon it gets there is
 * for the kernel to say.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define TRIES	100000	/* the worst is that a decision is not repeated */

bool settle_wanted(void)
{
	const struct umcg_rt_attr *attr = &run_options()->attr;

	return attr->policy == &umcg_rt_random && attr->servers == 1 && umcg_rt_self();
}

/* What stands behind the name in its stat: asleep is in the group's queue. */
static bool is_asleep(pid_t tid)
{
	char path[64], line[128], *name_end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = REAL(open)(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true; /* it is gone, or /proc is not there */
	n = read(fd, line, sizeof(line) - 1);
	REAL(close)(fd);
	line[n > 0 ? n : 0] = '\0';
	name_end = strrchr(line, ')');
	return !name_end || (name_end[1] == ' ' && name_end[2] == 'S');
}

/* It has not run yet: it cannot, there is one server, and that runs us. */
void settle_wait(const pid_t *tid)
{
	int cancel, tries;
	pid_t is;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	for (tries = 0; tries < TRIES; tries++) {
		is = __atomic_load_n(tid, __ATOMIC_ACQUIRE);
		if (is && is_asleep(is))
			break;
		REAL(sched_yield)();
	}
	pthread_setcancelstate(cancel, NULL);
}
