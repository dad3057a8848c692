// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "sleeper.h"
#include "suite.h"
#include "uffd.h"

const char *const way_names[WAYS] = { "nanosleep", "pipe", "futex",
				      "page fault", "sched_yield" };

static struct sleeper *wanted; /* pushed by sleepers, taken by the helper */
static struct uffd pages;
static pthread_t helper_thread;
static bool over;

long futex(__u32 *word, int op, __u32 value)
{
	return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL,
		       NULL, 0);
}

static void help(struct sleeper *s)
{
	char byte = 'x';

	switch (s->want) {
	case WAY_PIPE:
		expect_eq(write(s->ends[1], &byte, 1), 1);
		break;
	case WAY_FUTEX:
		__atomic_store_n(&s->word, 1, __ATOMIC_SEQ_CST);
		futex(&s->word, FUTEX_WAKE, 1);
		break;
	case WAY_FAULT:
		uffd_serve_zero(&pages, s->index);
		break;
	default:
		ck_abort_msg("help for what?");
	}
	__atomic_store_n(&s->helped, true, __ATOMIC_SEQ_CST);
}

static void *helper(void *arg)
{
	struct sleeper *s, *next;

	(void)arg;
	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
		/* by the armful: being woken for each would be half of the work */
		sleep_ns(300 * USEC);
		s = __atomic_exchange_n(&wanted, NULL, __ATOMIC_SEQ_CST);
		for (; s; s = next) {
			next = s->next;
			help(s);
		}
	}
	return NULL;
}

void sleepers_start(struct sleeper *first, unsigned long stride,
		    unsigned int count)
{
	struct sleeper *s;
	unsigned int i;

	uffd_open(&pages, count);
	expect(pages.fd >= 0);
	for (i = 0; i < count; i++) {
		s = (struct sleeper *)((char *)first + i * stride);
		s->index = i;
		s->helped = true;
		expect_sys(pipe(s->ends));
	}
	expect(!pthread_create(&helper_thread, NULL, helper, NULL));
}

void sleepers_stop(void)
{
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	pthread_join(helper_thread, NULL);
}

static void ask_for_help(struct sleeper *s, enum way how)
{
	s->helped = false;
	s->want = how;
	s->next = __atomic_load_n(&wanted, __ATOMIC_SEQ_CST);
	while (!__atomic_compare_exchange_n(&wanted, &s->next, s, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static char *page_of(struct sleeper *s)
{
	return pages.memory + s->index * pages.page;
}

bool sleeper_helped(const struct sleeper *s)
{
	return __atomic_load_n(&s->helped, __ATOMIC_SEQ_CST);
}

enum way sleeper_prepare(struct sleeper *s, enum way how)
{
	s->disturbed = !sleeper_helped(s);
	if (how == WAY_SLEEP || how == WAY_YIELD)
		return how;
	if (s->disturbed)
		return WAY_SLEEP;
	if (how == WAY_FAULT)
		expect_eq(madvise(page_of(s), pages.page, MADV_DONTNEED), 0);
	if (how == WAY_FUTEX)
		s->word = 0;
	ask_for_help(s, how);
	return how;
}

void sleeper_do(struct sleeper *s, enum way how, __u64 ns)
{
	struct timespec t = { .tv_nsec = ns };
	char byte;

	switch (how) {
	case WAY_SLEEP:
		syscall(SYS_nanosleep, &t, NULL);
		break;
	case WAY_PIPE:
		expect_eq(read(s->ends[0], &byte, 1), 1);
		break;
	case WAY_FUTEX:
		futex(&s->word, FUTEX_WAIT, 0);
		expect_eq(__atomic_load_n(&s->word, __ATOMIC_SEQ_CST), 1);
		break;
	case WAY_FAULT:
		expect_eq(*(volatile char *)page_of(s), 0);
		break;
	default:
		sched_yield();
	}
}
