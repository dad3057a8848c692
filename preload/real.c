// SPDX-License-Identifier: MIT
/* The functions that ours stand in front of. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

static const char *const names[REAL_COUNT] = {
	[REAL_pthread_create] = "pthread_create",
	[REAL_thrd_create] = "thrd_create",
	[REAL_sched_yield] = "sched_yield",
	[REAL_accept] = "accept",
	[REAL_accept4] = "accept4",
	[REAL_open] = "open",
	[REAL_close] = "close",
	[REAL_close_range] = "close_range",
	[REAL_dup2] = "dup2",
	[REAL_dup3] = "dup3",
	[REAL_prctl] = "prctl",
	[REAL_pthread_setname_np] = "pthread_setname_np",
};

static void *found[REAL_COUNT];

/* Libraries that are initialised before this one call them, too. */
void *real_function(enum real which)
{
	void *f = __atomic_load_n(&found[which], __ATOMIC_RELAXED);

	if (!f) {
		f = dlsym(RTLD_NEXT, names[which]);
		if (!f)
			abort();
		__atomic_store_n(&found[which], f, __ATOMIC_RELAXED);
	}
	return f;
}

/* A signal handler may close() a file, and dlsym() is not for signal handlers. */
__attribute__((constructor(101))) static void find_all(void)
{
	enum real which;

	for (which = 0; which < REAL_COUNT; which++)
		real_function(which);
}

/* --- what the runtime calls ------------------------------------------------------- */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*fn)(void *arg), void *arg)
{
	return REAL(pthread_create)(thread, attr, fn, arg);
}

int __wrap_sched_yield(void)
{
	return REAL(sched_yield)();
}

int __wrap_close(int fd)
{
	return REAL(close)(fd);
}

int real_out_of_the_way(int fd)
{
	struct rlimit files;
	int from = 1000;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur <= 1000)
		from = (int)files.rlim_cur / 2;
	return fcntl(fd, F_DUPFD_CLOEXEC, from);
}

/* The only file that the runtime opens is the group's. */
int __wrap_open(const char *path, int flags, ...)
{
	int fd = REAL(open)(path, flags), high;

	if (fd < 0)
		return fd;
	high = real_out_of_the_way(fd);
	if (high < 0)
		return fd;
	REAL(close)(fd);
	return high;
}
