// SPDX-License-Identifier: MIT
/* umcg unload: or who holds the module */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static void show_holder(const struct holder *holder)
{
	fprintf(stderr, "  %d %s: open %u times, mapped %u times\n", holder->pid,
		holder->comm, holder->files, holder->maps);
}

/* A registered thread whose group has ended is still on its way out. */
static void show_holders(void)
{
	char count[NAME_LEN];

	read_line("/sys/module/umcg/refcnt", count, sizeof(count));
	fprintf(stderr, "umcg: the module is in use, %s times:\n", count);
	if (!holders_each(show_holder))
		fputs("  nobody that /proc shows: a thread that blocks in the kernel, or a process in another pid namespace\n",
		      stderr);
}

static void explain(int error)
{
	switch (-error) {
	case EBUSY:
	case EAGAIN:
		show_holders();
		break;
	case EPERM:
		fputs(geteuid() ? "umcg: unloading a module needs root\n" :
				  "umcg: unloading modules is forbidden here (a container, or kernel.modules_disabled=1)\n",
		      stderr);
		break;
	default:
		fprintf(stderr, "umcg: the module cannot be unloaded: %s\n", strerror(-error));
	}
}

int command_unload(bool json)
{
	int error;

	(void)json;
	if (access("/sys/module/umcg", F_OK) != 0) {
		puts("umcg is not loaded");
		return EXIT_SUCCESS;
	}
	error = kmod_unload();
	if (error) {
		explain(error);
		return EXIT_FAILURE;
	}
	puts("umcg is unloaded");
	return EXIT_SUCCESS;
}
