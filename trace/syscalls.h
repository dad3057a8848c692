/* SPDX-License-Identifier: MIT */
/* syscalls.h - system calls of x86-64 by number */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include <linux/types.h>

#define SYSCALL_NAME_MAX	32

/*
 * "read", "page fault" for UMCG_BLOCKED_FAULT, "call 999" for one that the headers
 * this was built with do not know. @room is for that; what is returned may be in it.
 */
const char *syscall_name(__u32 nr, char room[SYSCALL_NAME_MAX]);

#endif /* SYSCALLS_H */
