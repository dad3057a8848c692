// SPDX-License-Identifier: GPL-2.0-only
/* The umcg command: every state a machine can be in, and what it says of it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "module.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"
#include "umcg_version.h"

/* check and status, for people and for programs; what was said last is check's. */
static void check_says(int status, const char *id)
{
	char words[64];

	snprintf(words, sizeof(words), "\"id\": \"%s\"", id);
	ck_assert_int_eq(run("status --json"), module_refcount() < 0);
	ck_assert_msg(json_valid(said), "not JSON: %s", said);
	ck_assert_int_eq(run("check --json"), status);
	ck_assert_msg(json_valid(said), "not JSON: %s", said);
	if (*id)
		says(words);
	says(status ? "\"usable\": false" : "\"usable\": true");
	ck_assert_int_eq(run("check"), status);
	says("command   " UMCG_VERSION);
	snprintf(words, sizeof(words), " %s: ", id);
	if (*id)
		says(words);
	else
		says_not("problem ");
}

START_TEST(usable)
{
	check_says(0, "");
	says("module    " UMCG_VERSION ", API level ");
	says("/umcg.ko, " UMCG_VERSION ", not signed");
	says("ok ");
}
END_TEST

START_TEST(usable_by_nobody_in_particular)
{
	nobody_become();
	check_says(0, "");
}
END_TEST

START_TEST(status_names_every_feature)
{
	struct umcg_group *g = open_group();
	int features = 0;
	const char *line;
	struct umcg_query q;

	umcg_query(g, &q);
	umcg_close(g);
	ck_assert_int_eq(run("status"), 0);
	says("hooks     ok");
	says_not("newer than this command");
	for (line = said; (line = strstr(line, "\nfeature ")); line++)
		features++;
	ck_assert_int_eq(features, __builtin_popcountll(q.features));
}
END_TEST

START_TEST(load_and_unload)
{
	ck_assert_int_eq(run("load"), 0);
	says("already");
	wait_for(run("unload") == 0);
	ck_assert_int_eq(module_refcount(), -1);
	check_says(1, "not-loaded");
	says("umcg load");
	ck_assert_int_eq(run("unload"), 0);
	says("not loaded");
	ck_assert_int_eq(run("load"), 0);
	says("umcg " UMCG_VERSION " is loaded");
	ck_assert_int_ge(module_refcount(), 0);
	check_says(0, "");
}
END_TEST

static void hold_it(int ready, int go)
{
	char byte;

	prctl(PR_SET_NAME, "holds it");
	open_group();
	expect_eq(write(ready, "r", 1), 1);
	expect_eq(read(go, &byte, 1), 1);
	_exit(0);
}

START_TEST(unload_says_who_holds_it)
{
	int ready[2], go[2], status;
	char words[64], byte;
	pid_t child;

	expect_sys(pipe(ready));
	expect_sys(pipe(go));
	child = expect_sys(fork());
	if (!child)
		hold_it(ready[1], go[0]);
	expect_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(run("unload"), 1);
	snprintf(words, sizeof(words), "  %d holds it: open 1 times, mapped 1 times\n", child);
	says(words);
	ck_assert_int_ge(module_refcount(), 0);

	expect_eq(write(go[1], "g", 1), 1);
	expect_sys(waitpid(child, &status, 0));
	wait_for(run("unload") == 0);
	ck_assert_int_eq(module_refcount(), -1);
	ck_assert_int_eq(module_load(), 0);
}
END_TEST

START_TEST(needs_root)
{
	nobody_become();
	ck_assert_int_eq(run("unload"), 1);
	says("needs root");
	ck_assert_int_ge(module_refcount(), 0);
}
END_TEST

START_TEST(load_needs_root)
{
	pid_t child;

	unload();
	child = expect_sys(fork());
	if (!child) {
		nobody_become();
		_exit(run("load") == 1 && strstr(said, "needs root") ? 0 : 1);
	}
	ended_well(child);
	ck_assert_int_eq(module_refcount(), -1);
	ck_assert_int_eq(module_load(), 0);
}
END_TEST

/* The node of a copy of /dev, so that nothing is left behind. */
static void own_node(mode_t mode, gid_t group)
{
	struct stat st;

	expect_sys(stat(UMCG_DEVICE, &st));
	own_mounts();
	hide("/dev");
	expect_sys(mknod(UMCG_DEVICE, S_IFCHR | 0600, st.st_rdev));
	expect_sys(chown(UMCG_DEVICE, 0, group));
	expect_sys(chmod(UMCG_DEVICE, mode));
}

START_TEST(no_permission)
{
	own_node(0600, 0);
	nobody_become();
	check_says(1, "no-permission");
	says("mode 0600, group root");
	says("chmod 666");
	ck_assert_int_eq(run("status"), 0);
	says("cannot be opened: Permission denied");
}
END_TEST

START_TEST(not_in_the_group)
{
	own_node(0660, 4242);
	nobody_become();
	check_says(1, "no-permission");
	says("adduser USER 4242");
}
END_TEST

START_TEST(no_node)
{
	own_mounts();
	hide("/dev");
	check_says(1, "no-node");
	says("--device /dev/umcg");
	says("mknod -m 666 /dev/umcg c 10 ");
}
END_TEST

/* A container that has the node bound in, and nothing else of the machine's. */
START_TEST(container_with_the_node)
{
	own_node(0666, 0);
	expect_sys(unshare(CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS));
	hide("/sys/module");
	hide("/lib/modules");
	ck_assert_int_eq(run("check"), 0);
	says("module    unknown, API level ");
}
END_TEST

START_TEST(foreign_node)
{
	own_mounts();
	hide("/dev");
	expect_sys(mknod(UMCG_DEVICE, S_IFCHR | 0666, 0x103));	/* null */
	check_says(1, "foreign");
}
END_TEST

START_TEST(no_module_for_this_kernel)
{
	char line[512];

	unload();
	own_mounts();
	hide("/lib/modules");
	mkdir("/usr/src", 0755);
	hide("/usr/src");
	check_says(1, "no-module");
	says("install umcg-dkms");
	ck_assert_int_eq(run("load"), 1);
	says("there is no umcg module for kernel");

	expect_sys(mkdir("/usr/src/umcg-9.8", 0755));
	make_file("/usr/src/umcg-9.8/dkms.conf", "");
	check_says(1, "no-headers");
	says("linux-headers-");

	snprintf(line, sizeof(line), "mkdir -p /lib/modules/$(uname -r)/build && >/lib/modules/$(uname -r)/build/Makefile");
	ck_assert_int_eq(system(line), 0);
	check_says(1, "not-built");
	says("dkms install umcg/9.8 -k ");

	ck_assert_int_eq(system("mkdir -p /var/lib/dkms/umcg/9.8/build"), 0);
	make_file("/var/lib/dkms/umcg/9.8/build/make.log", "");
	check_says(1, "not-built");
	says("how that failed is in /var/lib/dkms/umcg/9.8/build/make.log");
	ck_assert_int_eq(system("rm -r /var/lib/dkms"), 0);
}
END_TEST

START_TEST(signed_modules_only)
{
	if (access("/sys/kernel/security", F_OK) != 0)
		skip("this kernel has no security modules");
	unload();
	own_mounts();
	hide("/sys/kernel/security");
	make_file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	check_says(1, "not-signed");
	says("lockdown: integrity");
	make_file("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	check_says(1, "not-loaded");
}
END_TEST

START_TEST(ftrace_is_off)
{
	if (access(FTRACE_ENABLED, W_OK) != 0)
		skip("this kernel has no ftrace_enabled");
	if (!proc_set(FTRACE_ENABLED, "0"))
		skip("this kernel does not let ftrace be switched off");
	check_says(1, "ftrace-off");
	proc_set(FTRACE_ENABLED, "1");
	says("ftrace_enabled=1");
	check_says(0, "");
}
END_TEST

START_TEST(other_version_loaded)
{
	own_mounts();
	hide("/sys/module");
	expect_sys(mkdir("/sys/module/umcg", 0755));
	make_file("/sys/module/umcg/version", "0.0.9\n");
	ck_assert_int_eq(run("check"), 0);
	says("note      other-version-loaded: ");
	says("0.0.9");
}
END_TEST

START_TEST(usage)
{
	static const char *const wrong[] = {
		"", "nothing", "check load", "--what", "--json load", "--json unload",
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ck_assert_int_eq(run(wrong[i]), 2);
		says("Try 'umcg --help'");
	}
	ck_assert_int_eq(run("--help"), 0);
	says("usage: umcg ");
	ck_assert_int_eq(run("--version"), 0);
	ck_assert_str_eq(said, "umcg " UMCG_VERSION "\n");
	ck_assert_int_eq(run("check >/dev/full"), 1);
}
END_TEST

/* Whoever reads it must be able to trust the one who says that it is JSON. */
START_TEST(json_is_told_from_other_text)
{
	static const char *const good[] = {
		"{}", "[]", " {\"a\": [1, -2.5e+3, true], \"b\\u00e9\": null}\n ", "0",
	};
	static const char *const bad[] = {
		"", "{", "{\"a\"}", "{\"a\": 1,}", "[1 2]", "01", "\"a\nb\"", "{} {}",
		"{a: 1}", "\"\\x\"", "nul", "-", "[,]",
	};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		ck_assert_msg(json_valid(good[i]), "is: %s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!json_valid(bad[i]), "is not: %s", bad[i]);
}
END_TEST

/* What a test that failed in between has left. */
static void put_back(void)
{
	if (access(FTRACE_ENABLED, W_OK) == 0)
		proc_set(FTRACE_ENABLED, "1");
	ck_assert_int_eq(module_load(), 0);
}

Suite *make_suite(void)
{
	Suite *s = suite_create("command");

	ADD_BETWEEN(s, usable, 60, put_back, put_back);
	ADD_BETWEEN(s, usable_by_nobody_in_particular, 60, put_back, put_back);
	ADD_BETWEEN(s, status_names_every_feature, 60, put_back, put_back);
	ADD_BETWEEN(s, load_and_unload, 60, put_back, put_back);
	ADD_BETWEEN(s, unload_says_who_holds_it, 60, put_back, put_back);
	ADD_BETWEEN(s, needs_root, 60, put_back, put_back);
	ADD_BETWEEN(s, load_needs_root, 60, put_back, put_back);
	ADD_BETWEEN(s, no_permission, 60, put_back, put_back);
	ADD_BETWEEN(s, not_in_the_group, 60, put_back, put_back);
	ADD_BETWEEN(s, no_node, 60, put_back, put_back);
	ADD_BETWEEN(s, container_with_the_node, 60, put_back, put_back);
	ADD_BETWEEN(s, foreign_node, 60, put_back, put_back);
	ADD_BETWEEN(s, no_module_for_this_kernel, 60, put_back, put_back);
	ADD_BETWEEN(s, signed_modules_only, 60, put_back, put_back);
	ADD_BETWEEN(s, ftrace_is_off, 60, put_back, put_back);
	ADD_BETWEEN(s, other_version_loaded, 60, put_back, put_back);
	ADD_BETWEEN(s, usage, 60, put_back, put_back);
	ADD_BETWEEN(s, json_is_told_from_other_text, 60, put_back, put_back);
	return s;
}
