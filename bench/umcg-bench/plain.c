// SPDX-License-Identifier: MIT
/* plain.c - what threads do that know nothing of umcg */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static void getppids(unsigned int ops)
{
	METER(ops, syscall(SYS_getppid));
}

static void yield_alone(unsigned int ops)
{
	METER(ops, sched_yield());
}

static void page_fault(unsigned int ops)
{
	volatile char *pages;
	unsigned int i;

	pages = mmap(NULL, (ops + WARM_UP) * 4096UL, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		die("no memory");
	madvise((void *)pages, (ops + WARM_UP) * 4096UL, MADV_NOHUGEPAGE);
	for (i = 0; i < WARM_UP; i++)
		pages[i * 4096UL] = 1;
	meter_begin(ops);
	do {
		pages[i++ * 4096UL] = 1;
	} while (meter_op());
	meter_end();
}

const struct bench plain_cases[] = {
	{ .name = "getppid",
	  .what = "an empty system call",
	  .policies = FIFO,
	  .plain = true,
	  .run = getppids },
	{ .name = "yield",
	  .what = "sched_yield() with nobody else there",
	  .policies = OTHER | FIFO,
	  .plain = true,
	  .run = yield_alone },
	{ .name = "page-fault",
	  .what = "the first write to a page",
	  .policies = FIFO,
	  .plain = true,
	  .run = page_fault },
	{}
};
