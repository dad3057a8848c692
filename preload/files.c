// SPDX-License-Identifier: MIT
/*
 * The group's file is not the program's: for what closes files it is not there. Who
 * wants its number for a file of his own cannot have it, as if that were too high.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "internal.h"

static bool is_ours(int fd)
{
	return fd >= 0 && fd == run_file();
}

static int bad_file(void)
{
	errno = EBADF;
	return -1;
}

UMCG_PUBLIC int close(int fd)
{
	return is_ours(fd) ? bad_file() : REAL(close)(fd);
}

/* What is below the file, and what is above. */
static int close_around(unsigned int first, unsigned int last, int flags)
{
	unsigned int ours = (unsigned int)run_file();
	int error = 0;

	if (first > last || run_file() < 0 || ours < first || ours > last)
		return REAL(close_range)(first, last, flags);
	if (first < ours)
		error = REAL(close_range)(first, ours - 1, flags);
	if (!error && last > ours)
		error = REAL(close_range)(ours + 1, last, flags);
	return error;
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
		close(fd);
}

UMCG_PUBLIC int dup2(int from, int to)
{
	return is_ours(from) || is_ours(to) ? bad_file() : REAL(dup2)(from, to);
}

UMCG_PUBLIC int dup3(int from, int to, int flags)
{
	return is_ours(from) || is_ours(to) ? bad_file() : REAL(dup3)(from, to, flags);
}
