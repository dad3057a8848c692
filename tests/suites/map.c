// SPDX-License-Identifier: GPL-2.0-only
/* Mapping the slots: the one way that works, and those that must not. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"
#include "suite.h"

static struct umcg_query about(struct umcg_group *g)
{
	struct umcg_query q;

	umcg_query(g, &q);
	return q;
}

/* 0, or what mmap() said; what it gave is given back. */
static int try_map(struct umcg_group *g, size_t size, int prot, int flags,
		   off_t offset)
{
	void *map = mmap(NULL, size, prot, flags, umcg_fd(g), offset);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, size);
	return 0;
}

#define RW	(PROT_READ | PROT_WRITE)

START_TEST(all_of_it)
{
	struct umcg_group *g = open_group();
	struct umcg_query q = about(g);

	ck_assert_int_eq(try_map(g, q.map_size, RW, MAP_SHARED, 0), 0);
	ck_assert_int_eq(try_map(g, q.map_size, PROT_READ, MAP_SHARED, 0), 0);
}
END_TEST

START_TEST(more_than_all_of_it)
{
	struct umcg_group *g = open_group();
	struct umcg_query q = about(g);
	long page = sysconf(_SC_PAGESIZE);

	ck_assert_int_eq(try_map(g, q.map_size + page, RW, MAP_SHARED, 0),
			 -EINVAL);
	ck_assert_int_eq(try_map(g, q.map_size, RW, MAP_SHARED, page), -EINVAL);
	ck_assert_int_eq(try_map(g, page, RW, MAP_SHARED, q.map_size), -EINVAL);
	ck_assert_int_eq(try_map(g, page, RW, MAP_SHARED,
				 (off_t)0x7ffffffffffff000LL), -EINVAL);
}
END_TEST

START_TEST(not_private)
{
	struct umcg_group *g = open_group();
	struct umcg_query q = about(g);

	ck_assert_int_eq(try_map(g, q.map_size, RW, MAP_PRIVATE, 0), -EINVAL);
	ck_assert_int_eq(try_map(g, q.map_size, PROT_READ, MAP_PRIVATE, 0),
			 -EINVAL);
}
END_TEST

START_TEST(not_executable)
{
	struct umcg_group *g = open_group();
	struct umcg_query q = about(g);
	void *map;
	int error;

	error = try_map(g, q.map_size, RW | PROT_EXEC, MAP_SHARED, 0);
	ck_assert_int_eq(error, -EINVAL);
	map = mmap(NULL, q.map_size, RW, MAP_SHARED, umcg_fd(g), 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mprotect(map, q.map_size, RW | PROT_EXEC), -1);
	ck_assert_int_eq(errno, EACCES);
}
END_TEST

START_TEST(it_does_not_grow)
{
	struct umcg_group *g = open_group();
	struct umcg_query q = about(g);
	void *map = mmap(NULL, q.map_size, RW, MAP_SHARED, umcg_fd(g), 0);

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_ptr_eq(mremap(map, q.map_size,
				q.map_size + sysconf(_SC_PAGESIZE),
				MREMAP_MAYMOVE), MAP_FAILED);
	ck_assert_int_eq(errno, EFAULT);
}
END_TEST

START_TEST(two_mappings_are_one_memory)
{
	struct umcg_group *g = open_group();
	struct umcg_query q = about(g);
	char *map = mmap(NULL, q.map_size, RW, MAP_SHARED, umcg_fd(g), 0);
	int slot = umcg_register_server(g, 0x1122334455667788ULL);
	struct umcg_task *t;

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_gt(slot, 0);
	t = (struct umcg_task *)(map + (size_t)slot * q.slot_stride);
	ck_assert_uint_eq(t->user, 0x1122334455667788ULL);
	umcg_slot(g, slot)->next_tid = 4711;
	ck_assert_uint_eq(t->next_tid, 4711);
	/* and it is this memory that the kernel reads */
	ck_assert_int_eq(umcg_wait(g, 0, 0), -ESRCH);
	t->next_tid = gettid();
	ck_assert_int_eq(umcg_wait(g, 0, 0), -EINVAL);
}
END_TEST

START_TEST(groups_do_not_share)
{
	struct umcg_group *g = open_group(), *other = open_group();

	umcg_slot(g, 1)->next_tid = 4711;
	ck_assert_uint_eq(umcg_slot(other, 1)->next_tid, 0);
}
END_TEST

static sigjmp_buf back;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

/* In a process of its own: 0 if that memory is not there. */
static int child_sees(struct umcg_task *t)
{
	pid_t child = fork();
	int status;

	if (!child) {
		signal(SIGSEGV, on_fault);
		signal(SIGBUS, on_fault);
		if (sigsetjmp(back, 1))
			_exit(0);
		_exit(*(volatile __u32 *)&t->state == 77 ? 2 : 1);
	}
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(a_child_of_fork_has_no_slots)
{
	struct umcg_group *g = open_group();

	ck_assert_int_eq(child_sees(umcg_slot(g, 0)), 0);
	ck_assert_int_gt(umcg_register_server(g, 1), 0);
	ck_assert_int_eq(child_sees(umcg_slot(g, 1)), 0);
	/* the parent still has them */
	ck_assert_uint_eq(umcg_slot(g, 0)->tid, getpid());
}
END_TEST

/* Not even when the parent asks for it. */
START_TEST(a_child_of_fork_never_has_slots)
{
	struct umcg_group *g = open_group();
	struct umcg_query q = about(g);

	if (madvise(umcg_slot(g, 0), q.map_size, MADV_DOFORK) == 0)
		ck_assert_int_eq(child_sees(umcg_slot(g, 0)), 0);
	else
		ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* A WAIT whose slots were unmapped works all the same: the kernel has its own. */
/* How much of it this process has mapped, as RLIMIT_AS counts it. */
static rlim_t mapped(void)
{
	long kb = read_number("/proc/self/status", "VmSize:");

	ck_assert_int_gt(kb, 0);
	return kb * 1024;
}

START_TEST(no_room_for_it)
{
	struct umcg_group *g = open_group(), *second = g;
	struct umcg_query q = about(g);
	struct rlimit limit;
	int next;

	expect_sys(getrlimit(RLIMIT_AS, &limit));
	limit.rlim_cur = mapped() + q.map_size / 2;
	expect_sys(setrlimit(RLIMIT_AS, &limit));
	next = expect_sys(dup(0));
	close(next);
	ck_assert_int_eq(try_map(g, q.map_size, RW, MAP_SHARED, 0), -ENOMEM);
	ck_assert_int_eq(umcg_open(&second), -ENOMEM);
	ck_assert_ptr_null(second);
	/* and its file is closed again */
	ck_assert_int_eq(expect_sys(dup(0)), next);
	ck_assert_int_gt(umcg_register_server(g, 0), 0);
}
END_TEST

START_TEST(the_kernel_needs_no_mapping)
{
	struct umcg_group *g = open_group();
	struct umcg_query q = about(g);

	ck_assert_int_gt(umcg_register_server(g, 1), 0);
	ck_assert_int_eq(munmap(umcg_slot(g, 0), q.map_size), 0);
	ck_assert_int_eq(umcg_wait(g, 0, 1), -ETIMEDOUT);
	ck_assert_int_eq(umcg_unregister(g), 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("map");

	ADD(s, all_of_it, 20);
	ADD(s, more_than_all_of_it, 20);
	ADD(s, not_private, 20);
	ADD(s, not_executable, 20);
	ADD(s, it_does_not_grow, 20);
	ADD(s, two_mappings_are_one_memory, 20);
	ADD(s, groups_do_not_share, 20);
	ADD(s, a_child_of_fork_has_no_slots, 20);
	ADD(s, a_child_of_fork_never_has_slots, 20);
	ADD(s, no_room_for_it, 20);
	ADD(s, the_kernel_needs_no_mapping, 20);
	return s;
}
