// SPDX-License-Identifier: MIT
/*
 * seccomp.c - a system call that another thread answers
 *
 * The nearest that the kernel has to a thread which is stopped and started by
 * another on purpose. There is no end of it but the process's.
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static int listener = -1;

/* Whom the kernel asks about getppid(). */
static void listen_for_getppid(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(*filter),
		.filter = filter,
	};
	int fd;

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	fd = must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
	__atomic_store_n(&listener, fd, __ATOMIC_SEQ_CST);
}

static void *answer(void *unused)
{
	struct seccomp_notif asked;
	struct seccomp_notif_resp reply;

	while (__atomic_load_n(&listener, __ATOMIC_SEQ_CST) < 0)
		usleep(1000);
	for (;;) {
		asked = (struct seccomp_notif){};
		must(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked));
		reply = (struct seccomp_notif_resp){ .id = asked.id, .val = 42 };
		must(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply));
	}
	return unused;
}

static void ask(void)
{
	if (syscall(SYS_getppid) != 42)
		die("getppid() was not answered");
}

static void seccomp(unsigned int ops)
{
	spawn(answer, NULL);
	listen_for_getppid();
	METER(ops, ask());
}

const struct bench seccomp_cases[] = {
	{ .name = "seccomp",
	  .what = "a getppid() that another thread answers, by seccomp's user notification",
	  .policies = ALL_POLICIES,
	  .run = seccomp },
	{}
};
