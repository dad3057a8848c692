// SPDX-License-Identifier: GPL-2.0-only
/* A worker that blocks on a disk: pages of a file that are not in memory. */
/* vm: --smp 2 --disk include */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "blocker.h"
#include "cgroup.h"
#include "suite.h"

#define FILE_NAME	"/disk/umcg-block-disk"
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

Suite *make_suite(void)
{
	Suite *s = suite_create("block_disk");

	ADD(s, touching_a_page_of_a_file, 60);
	ADD(s, reading_a_file, 60);
	return s;
}
