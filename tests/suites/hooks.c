// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that takes probes and does not call them: no thread is registered there,
 * rather than one whose signal handlers run unscheduled.
 */
#include <sys/mount.h>
#include <unistd.h>

#include "module.h"
#include "proc.h"
#include "suite.h"

#define DEBUGFS	"/sys/kernel/debug"
#define KPROBES	DEBUGFS "/kprobes/enabled"

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
	if (!proc_set(file, "0"))
		return false;
	ck_assert_int_eq(try_server(), -EOPNOTSUPP);
	ck_assert_int_eq(try_server(), -EOPNOTSUPP);
	expect(proc_set(file, "1"));
	ck_assert_int_gt(try_server(), 0);
	return true;
}

START_TEST(ftrace_off)
{
	if (access(FTRACE_ENABLED, W_OK) != 0)
		skip("this kernel has no ftrace_enabled");
	if (!is_refused_while_off(FTRACE_ENABLED))
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
	if (access(FTRACE_ENABLED, W_OK) == 0)
		proc_set(FTRACE_ENABLED, "1");
	if (access(KPROBES, W_OK) == 0)
		proc_set(KPROBES, "1");
}

Suite *make_suite(void)
{
	Suite *s = suite_create("hooks");

	ADD_BETWEEN(s, ftrace_off, 60, NULL, put_back);
	ADD_BETWEEN(s, kprobes_off, 60, NULL, put_back);
	return s;
}
