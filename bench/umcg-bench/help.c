// SPDX-License-Identifier: MIT
/* help.c - what every case needs */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

void die(const char *format, ...)
{
	va_list args;

	fputs("umcg-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(EXIT_FAILURE);
}

const char *why_not(void)
{
	return strerror(errno);
}

void set_policy(pid_t tid, unsigned int policy, int priority)
{
	struct sched_param param = {
		.sched_priority = policy == FIFO ? priority : 0,
	};
	int number = policy == FIFO  ? SCHED_FIFO :
		     policy == BATCH ? SCHED_BATCH :
				       SCHED_OTHER;

	must(sched_setscheduler(tid, number, &param));
}

unsigned int current_policy(void)
{
	switch (sched_getscheduler(0)) {
	case SCHED_FIFO:
		return FIFO;
	case SCHED_BATCH:
		return BATCH;
	default:
		return OTHER;
	}
}

void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(sched_setaffinity(0, sizeof(set), &set));
}

void go_across(void)
{
	if (setting.place == ACROSS)
		run_on(1);
}

pthread_t spawn(void *(*run)(void *arg), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	error = pthread_create(&thread, &attr, run, arg);
	if (error)
		die("pthread_create: %s", strerror(error));
	pthread_attr_destroy(&attr);
	return thread;
}

long futex_wait(__u32 *word, __u32 value)
{
	return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

long futex_wake(__u32 *word, int count)
{
	return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}
