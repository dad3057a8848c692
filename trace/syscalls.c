// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <umcg_ioctl.h>

#include "syscalls.h"

static const char *const names[] = {
#include "syscall_names.h" /* made of <asm/unistd.h> by the Makefile */
};

const char *syscall_name(__u32 nr, char room[SYSCALL_NAME_MAX])
{
	if (nr == UMCG_BLOCKED_FAULT)
		return "page fault";
	if (nr < sizeof(names) / sizeof(*names) && names[nr])
		return names[nr];
	snprintf(room, SYSCALL_NAME_MAX, "call %u", nr);
	return room;
}
