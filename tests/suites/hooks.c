// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that takes probes and does not call them: no thread is registered there,
 * rather than one whose signal handlers run unscheduled.
 */
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "module.h"
#include "suite.h"

#define FTRACE	"/proc/sys/kernel/ftrace_enabled"
#define DEBUGFS	"/sys/kernel/debug"
#define KPROBES	DEBUGFS "/kprobes/enabled"

/* Not every kernel lets it: a function that is traced for good is in the way. */
static bool set(const char *file, const char *value)
{
	int fd = expect_sys(open(file, O_WRONLY));
	bool done = write(fd, value, 1) == 1;

	close(fd);
	return done;
}

/* What is armed stays that for a while, but not in a module that is loaded anew. */
static void load_anew(void)
{
	wait_for(module_unload() == 0);
	ck_assert_int_eq(module_load(), 0);
}

static int try_server(void)
{
	struct umcg_group *g = open_group();
	int slot = umcg_register_server(g, 0);

	if (slot > 0)
		umcg_unregister(g);
	umcg_close(g);
	return slot;
}

static bool is_refused_while_off(const char *file)
{
	load_anew();
	if (!set(file, "0"))
		return false;
	ck_assert_int_eq(try_server(), -EOPNOTSUPP);
	ck_assert_int_eq(try_server(), -EOPNOTSUPP);
	expect(set(file, "1"));
	ck_assert_int_gt(try_server(), 0);
	return true;
}

START_TEST(ftrace_off)
{
	if (access(FTRACE, W_OK) != 0)
		skip("this kernel has no ftrace_enabled");
	if (!is_refused_while_off(FTRACE))
		skip("this kernel does not let ftrace be switched off");
}
END_TEST

START_TEST(kprobes_off)
{
	if (access(KPROBES, W_OK) != 0)
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	if (access(KPROBES, W_OK) != 0)
		skip("this kernel does not let kprobes be switched off");
	if (!is_refused_while_off(KPROBES))
		skip("this kernel does not let kprobes be switched off");
}
END_TEST

static void put_back(void)
{
	if (access(FTRACE, W_OK) == 0)
		set(FTRACE, "1");
	if (access(KPROBES, W_OK) == 0)
		set(KPROBES, "1");
}

static void add(Suite *s, const char *name, const TTest *test)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 60);
	tcase_add_unchecked_fixture(tcase, NULL, put_back);
	tcase_add_test(tcase, test);
	suite_add_tcase(s, tcase);
}

Suite *make_suite(void)
{
	Suite *s = suite_create("hooks");

	add(s, "ftrace_off", ftrace_off);
	add(s, "kprobes_off", kprobes_off);
	return s;
}
