// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may use the device: somebody without any right, also as root of a container
 * that they have made themselves and put the node into; and nobody to whom its mode,
 * or its absence, says no. What each runs is an example of the manual.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nobody.h"
#include "suite.h"

#define PROGRAM "build/man/umcg_run"
#define PATIENCE 30

/* Its exit status; it is ended if it takes too long. */
static int run_program(void)
{
	pid_t child = expect_sys(fork());
	int status;

	if (!child) {
		alarm(PATIENCE);
		execl(PROGRAM, PROGRAM, NULL);
		_exit(127);
	}
	expect_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status), "%s: status %#x", PROGRAM, status);
	return WEXITSTATUS(status);
}

static void own_mounts(void)
{
	expect_sys(unshare(CLONE_NEWNS));
	expect_sys(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* The node as a rule of udev would make it, for this test and what it starts only. */
static void own_node(mode_t mode, gid_t group)
{
	struct stat st;

	expect_sys(stat(UMCG_DEVICE, &st));
	own_mounts();
	expect_sys(mount("tmpfs", "/dev", "tmpfs", 0, NULL));
	expect_sys(mknod(UMCG_DEVICE, S_IFCHR | 0600, st.st_rdev));
	expect_sys(chown(UMCG_DEVICE, 0, group));
	expect_sys(chmod(UMCG_DEVICE, mode));
}

START_TEST(as_the_module_makes_it)
{
	struct stat st;

	expect_sys(stat(UMCG_DEVICE, &st));
	expect_eq(st.st_mode & 07777, 0666);
	nobody_become();
	expect_eq(run_program(), 0);
}
END_TEST

START_TEST(without_permission)
{
	struct umcg_group *g;

	own_node(0600, 0);
	nobody_become();
	expect_eq(umcg_open(&g), -EACCES);
	expect_eq(run_program(), 1);
}
END_TEST

/* 0660, and a group: for its members only. */
START_TEST(a_group_only)
{
	struct umcg_group *g;

	own_node(0660, _i ? NOBODY : 4242);
	nobody_become();
	expect_eq(umcg_open(&g), _i ? 0 : -EACCES);
	expect_eq(run_program(), _i ? 0 : 1);
}
END_TEST

static void write_map(const char *file, unsigned int id)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "0 %u 1", id);
	int fd = expect_sys(open(file, O_WRONLY));

	expect_eq(write(fd, line, n), n);
	close(fd);
}

/* As rootless containers are made: a user's own namespaces, a /dev of their own. */
static void become_container(bool with_node)
{
	int node, deny, fd;
	char path[64];

	expect_sys(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
			   CLONE_NEWUTS | CLONE_NEWNET));
	deny = expect_sys(open("/proc/self/setgroups", O_WRONLY));
	expect_eq(write(deny, "deny", 4), 4);
	close(deny);
	write_map("/proc/self/uid_map", NOBODY);
	write_map("/proc/self/gid_map", NOBODY);
	expect_sys(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	node = expect_sys(open(UMCG_DEVICE, O_PATH)); /* in mounts that are its own */
	expect_sys(mount("tmpfs", "/dev", "tmpfs", 0, NULL));
	if (!with_node)
		return;
	fd = expect_sys(open(UMCG_DEVICE, O_CREAT | O_WRONLY, 0600));
	close(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", node);
	expect_sys(mount(path, UMCG_DEVICE, NULL, MS_BIND, NULL));
}

START_TEST(in_a_container)
{
	nobody_become();
	/* what setuid has made of its /proc is root's */
	expect_sys(prctl(PR_SET_DUMPABLE, 1));
	become_container(_i);
	expect_eq(run_program(), _i ? 0 : 1);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("node");

	ADD(s, as_the_module_makes_it, 2 * PATIENCE);
	ADD(s, without_permission, 2 * PATIENCE);
	ADD_LOOP(s, a_group_only, 2 * PATIENCE, 2);
	ADD_LOOP(s, in_a_container, 2 * PATIENCE, 2);
	return s;
}
