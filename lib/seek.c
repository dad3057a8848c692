// SPDX-License-Identifier: MIT
/* Calls by lseek(). A tid is an offset then, also where those are short. */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <unistd.h>

#include "internal.h"

int group_seek(int fd, __u32 what, int whence)
{
	int saved = errno;
	int ret = (int)lseek(fd, what, whence);

	if (ret < 0)
		ret = -errno;
	errno = saved;
	return ret;
}
