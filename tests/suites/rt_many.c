// SPDX-License-Identifier: GPL-2.0-only
/* libumcg-runtime: 20,000 threads that all live at the same time, on two servers. */
/* vm: --smp 2 --mem 3072 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "clock.h"
#include "runtime.h"
#include "suite.h"

#define MOST	20000U
#define STACK	(32UL * 1024)

static struct umcg_rt *rt;
static struct umcg_rt_thread *t[MOST];
static struct umcg_sem let_go;
static unsigned int there;

static void allow(const char *file)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "100000", 6) != 6)
		note("%s stays as it is", file);
	close(fd);
}

/* All wait for one semaphore, which goes from each to the next. */
static void *come_and_wait(void *number)
{
	__atomic_add_fetch(&there, 1, __ATOMIC_SEQ_CST);
	umcg_sem_wait(&let_go);
	umcg_rt_yield();
	umcg_sem_post(&let_go);
	return number;
}

START_TEST(twenty_thousand)
{
	const struct umcg_rt_thread_attr attr = { .stack_size = STACK };
	unsigned int n = fewer(MOST);
	__u64 begin = now(), all;

	allow("/proc/sys/kernel/threads-max");
	allow("/proc/sys/kernel/pid_max");
	allow("/proc/sys/vm/max_map_count");
	rt = runtime_start(2, NULL);
	for (unsigned long i = 0; i < n; i++)
		t[i] = runtime_spawn(rt, &attr, come_and_wait, (void *)i);
	wait_for(__atomic_load_n(&there, __ATOMIC_SEQ_CST) == n);
	ck_assert_uint_eq(umcg_rt_workers(rt), n);
	all = now();
	umcg_sem_post(&let_go);
	for (unsigned long i = 0; i < n; i++)
		ck_assert_ptr_eq(runtime_join(t[i]), (void *)i);
	note("%u: there after %llu ms, gone %llu ms later", n, (all - begin) / MSEC,
	     (now() - all) / MSEC);
	runtime_end(rt);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("rt_many");

	ADD(s, twenty_thousand, 180);
	return s;
}
