// SPDX-License-Identifier: MIT
/*
 * The group's file, and that of the statistics, are not the program's: for what closes
 * files they are not there. Who wants such a number for a file of his own cannot have it,
 * as if it were too high.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "internal.h"

static bool is_ours(int fd)
{
	return fd >= 0 && (fd == run_file() || fd == stats_file());
}

/* The lowest of ours that is not below @from; or more than any. */
static unsigned int next_of_ours(unsigned int from)
{
	const int ours[] = { run_file(), stats_file() };
	unsigned int next = UINT_MAX;
	int i;

	for (i = 0; i < 2; i++)
		if (ours[i] >= 0 && (unsigned int)ours[i] >= from &&
		    (unsigned int)ours[i] < next)
			next = (unsigned int)ours[i];
	return next;
}

static int bad_file(void)
{
	errno = EBADF;
	return -1;
}

static int close_one(int fd)
{
	return is_ours(fd) ? bad_file() : REAL(close)(fd);
}

UMCG_PUBLIC int close(int fd)
{
	return close_one(fd);
}

/* What is below each of them, and what is above. */
static int close_around(unsigned int first, unsigned int last, int flags)
{
	unsigned int ours = next_of_ours(first);
	int error = 0;

	while (!error && ours <= last && ours != UINT_MAX) {
		if (first < ours)
			error = REAL(close_range)(first, ours - 1, flags);
		if (ours == last)
			return error;
		first = ours + 1;
		ours = next_of_ours(first);
	}
	return error ? error : REAL(close_range)(first, last, flags);
}

UMCG_PUBLIC int close_range(unsigned int first, unsigned int last, int flags)
{
	return close_around(first, last, flags);
}

/* glibc's own ends the process when it fails, as it must not. */
UMCG_PUBLIC void closefrom(int low)
{
	int fd;

	if (close_around(low > 0 ? (unsigned int)low : 0, UINT_MAX, 0) == 0)
		return;
	for (fd = low > 0 ? low : 0; fd < sysconf(_SC_OPEN_MAX); fd++)
		close_one(fd);
}

UMCG_PUBLIC int dup2(int from, int to)
{
	return is_ours(from) || is_ours(to) ? bad_file() : REAL(dup2)(from, to);
}

UMCG_PUBLIC int dup3(int from, int to, int flags)
{
	return is_ours(from) || is_ours(to) ? bad_file() : REAL(dup3)(from, to, flags);
}
