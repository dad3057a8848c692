// SPDX-License-Identifier: GPL-2.0-only
/* A worker that blocks on a disk: pages of a file that are not in memory. */
/* vm: --smp 2 --disk include */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "blocker.h"
#include "cgroup.h"
#include "crew.h"
#include "suite.h"

#define FILE_NAME	"/disk/umcg-block-disk"
#define LOCK_NAME	"/tmp/umcg-block-disk"
/* far enough apart that reading one does not read the next */
#define APART		(256 * 1024)
#define ROUNDS		8

static char *map;
static int fd;

/*
 * An emulated disk has answered before its reader can fall asleep, half of the
 * time. The kernel's own throttle makes a slow one of it, for this process: five
 * reads a second. False if that cannot be had.
 */
static bool slow_down(const char *where)
{
	char limit[64];
	struct stat st;

	expect_sys(stat(where, &st));
	snprintf(limit, sizeof(limit), "%u:%u riops=5", major(st.st_dev),
		 minor(st.st_dev));
	return cgroup_make("io") && cgroup_put("io.max", limit) &&
	       cgroup_put("cgroup.procs", "0");
}

static unsigned char byte_of(int i)
{
	return 'A' + i;
}

/* A file on the disk and nowhere else. */
static void make_cold_file(void)
{
	unsigned char page[4096], there;
	int i;

	fd = expect_sys(open(FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	unlink(FILE_NAME);
	for (i = 0; i < ROUNDS; i++) {
		memset(page, byte_of(i), sizeof(page));
		expect_eq(pwrite(fd, page, sizeof(page), i * APART),
			  sizeof(page));
	}
	expect_sys(fsync(fd));
	expect_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	expect_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
	map = mmap(NULL, ROUNDS * APART, PROT_READ, MAP_SHARED, fd, 0);
	expect(map != MAP_FAILED);
	expect_sys(madvise(map, ROUNDS * APART, MADV_RANDOM));
	for (i = 0; i < ROUNDS; i++) {
		expect_sys(mincore(map + i * APART, 1, &there));
		expect_eq(there & 1, 0);
	}
}

static void no_object(int i)
{
	(void)i;
}

static long touch(int i)
{
	volatile unsigned char *p = (unsigned char *)map + i * APART;

	return *p == byte_of(i) ? 0 : -1;
}

START_TEST(touching_a_page_of_a_file)
{
	const struct blocker b = { BLOCKER_FAULT, true, no_object, touch,
				   NULL };

	if (access("/disk", W_OK))
		skip("no disk here");
	make_cold_file();
	if (!slow_down("/disk"))
		skip("the disk cannot be slowed down");
	blocker_run(&b, ROUNDS);
}
END_TEST

static long read_page(int i)
{
	unsigned char byte = 0;
	long n = syscall(SYS_pread64, fd, &byte, 1, (off_t)i * APART);

	return n == 1 && byte == byte_of(i) ? 0 : n ?: -1;
}

START_TEST(reading_a_file)
{
	const struct blocker b = { SYS_pread64, true, no_object, read_page,
				   NULL };

	if (access("/disk", W_OK))
		skip("no disk here");
	make_cold_file();
	if (!slow_down("/disk"))
		skip("the disk cannot be slowed down");
	blocker_run(&b, ROUNDS);
}
END_TEST

/* An open file that only a mapping keeps, and that keeps a lock. */
static char *map_locked(const char *name)
{
	int locked = expect_sys(open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	char *page;

	expect_sys(ftruncate(locked, 4096));
	expect_sys(flock(locked, LOCK_EX));
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, locked, 0);
	expect(page != MAP_FAILED);
	expect_sys(close(locked));
	return page;
}

/*
 * One call takes away the last that keeps a file, which is put into a task work,
 * and then reads from the disk. Step: how many such calls it has made.
 */
static long map_over_it(struct worker *w)
{
	char *page = w->arg;
	int i = step_get(w);

	expect(mmap(page, 4096, PROT_READ,
		    MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd,
		    i * APART) == page);
	step_set(w, i + 1);
	return 0;
}

/* The file is closed, and the lock is free, though nobody runs the worker. */
START_TEST(what_it_closed_on_its_way)
{
	struct worker w = { .run = map_over_it };
	int again, i, seen = 0;
	struct server s;

	if (access("/disk", W_OK))
		skip("no disk here");
	if (!slow_down("/disk"))
		skip("the disk cannot be slowed down");
	make_cold_file();
	server_start(&s, open_group());
	again = expect_sys(open(LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	for (i = 0; i < ROUNDS; i++) {
		w.arg = map_locked(LOCK_NAME);
		ck_assert_int_eq(flock(again, LOCK_EX | LOCK_NB), -1);
		worker_hire(&s, &w);
		step_set(&w, i);
		if (server_run(&s, &w) == UMCG_CUR_BLOCK) {
			server_expect(&s, &w, UMCG_EV_WAKE);
			ck_assert_uint_eq(step_get(&w), i);
			expect_sys(flock(again, LOCK_EX | LOCK_NB));
			server_finish(&s, &w);
			seen++;
		}
		expect_sys(flock(again, LOCK_EX | LOCK_NB));
		expect_sys(flock(again, LOCK_UN));
	}
	note("%d of %d calls blocked after that", seen, ROUNDS);
	ck_assert_int_gt(seen, 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("block_disk");

	ADD(s, touching_a_page_of_a_file, 60);
	ADD(s, reading_a_file, 60);
	ADD(s, what_it_closed_on_its_way, 40);
	return s;
}
