// SPDX-License-Identifier: GPL-2.0-only
/* umcg run: what it says of what it cannot run, and what the program gets to see of it. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "meaning.h"
#include "nobody.h"
#include "proc.h"
#include "suite.h"

#define SELF	"build/tests/command_run"

static void *yields(void *unused)
{
	int i;

	for (i = 0; i < 5; i++)
		sched_yield();
	usleep(1000);
	return unused;
}

int helper_main(int argc, char **argv)
{
	pthread_t t;

	pthread_create(&t, NULL, yields, NULL);
	pthread_setname_np(t, "helper");
	meaning_scheduled();
	pthread_join(t, NULL);
	if (argc > 2) {
		fclose(stderr);
		for (; *environ; environ++)
			memset(*environ, 0, strlen(*environ));
	}
	tell("%s", meaning_is_run() ? "scheduled" : "as it is");
	return argc > 1 ? atoi(argv[1]) : 0;
}

static void copy_self(const char *to, mode_t mode)
{
	char line[256];

	snprintf(line, sizeof(line), "cp " SELF " %s", to);
	ck_assert_int_eq(system(line), 0);
	expect_sys(chmod(to, mode));
}

START_TEST(status_is_the_programs)
{
	ck_assert_int_eq(run("run -- " SELF " 0"), 0);
	says("scheduled");
	ck_assert_int_eq(run("run " SELF " 42"), 42);
	ck_assert_int_eq(run("run -n 1 -p lifo -t 200 " SELF " 125"), 125);
	says("scheduled");
}
END_TEST

START_TEST(not_there)
{
	ck_assert_int_eq(run("run -- /none"), 127);
	says("umcg run: /none: No such file or directory\n");
	ck_assert_int_eq(run("run no-such-program"), 127);
	ck_assert_int_eq(run("run ''"), 127);
	make_file("/tmp/not-executable", "x");
	ck_assert_int_eq(run("run /tmp/not-executable"), 126);
	says("Permission denied");
	ck_assert_int_eq(run("run /tmp"), 126);
	expect_sys(chmod("/tmp/not-executable", 0755));
	ck_assert_int_eq(run("run /tmp/not-executable"), 126);
	says("Exec format error");
}
END_TEST

START_TEST(without_the_module)
{
	own_mounts();
	hide("/dev");
	ck_assert_int_eq(run("run " SELF " 0"), 125);
	ck_assert_str_eq(said, "umcg run: the umcg module is loaded but /dev/umcg is not here; in a container, start it with --device /dev/umcg\n");
	ck_assert_int_eq(run("run --or-plain " SELF " 9"), 9);
	says("umcg run: the umcg module is loaded but ");
	says("\nas it is\n");
}
END_TEST

static void make_elf(const char *path, unsigned char class, Elf64_Half machine)
{
	Elf64_Ehdr e = { .e_machine = machine };
	int fd = expect_sys(open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755));

	memcpy(e.e_ident, ELFMAG, SELFMAG);
	e.e_ident[EI_CLASS] = class;
	expect_eq(write(fd, &e, sizeof(e)), sizeof(e));
	close(fd);
	expect_sys(chmod(path, 0755));
}

START_TEST(what_cannot_be)
{
	make_elf("/tmp/static", ELFCLASS64, EM_X86_64);
	ck_assert_int_eq(run("run /tmp/static"), 125);
	ck_assert_str_eq(said, "umcg run: /tmp/static is linked statically: no library can be loaded into it\n");
	make_elf("/tmp/bits", ELFCLASS32, EM_386);
	ck_assert_int_eq(run("run /tmp/bits"), 125);
	says("is a program of 32 bits: the library has 64\n");
	make_elf("/tmp/arm", ELFCLASS64, EM_AARCH64);
	ck_assert_int_eq(run("run /tmp/arm"), 125);
	says("is a program for another machine\n");
	make_file("/tmp/script", "#! /tmp/static -x\n");
	expect_sys(chmod("/tmp/script", 0755));
	ck_assert_int_eq(run("run /tmp/script"), 125);
	says("/tmp/script is linked statically");
	ck_assert_int_eq(run("run busybox true"), 125);
	says("is linked statically");
	ck_assert_int_eq(run("run --or-plain busybox true"), 0);
}
END_TEST

START_TEST(who_gets_rights)
{
	copy_self("/tmp/setuid", 0755);
	expect_sys(chown("/tmp/setuid", 65534, 65534));
	expect_sys(chmod("/tmp/setuid", 04755));
	ck_assert_int_eq(run("run /tmp/setuid"), 125);
	says("/tmp/setuid is setuid: no library can be loaded into it\n");
	expect_sys(chmod("/tmp/setuid", 02755));
	ck_assert_int_eq(run("run /tmp/setuid"), 125);
	says("is setgid: ");
	/* it is its own already */
	expect_sys(chown("/tmp/setuid", 0, 0));
	expect_sys(chmod("/tmp/setuid", 06755));
	ck_assert_int_eq(run("run /tmp/setuid 3"), 3);
	says("scheduled");
}
END_TEST

START_TEST(by_nobody_in_particular)
{
	nobody_become();
	ck_assert_int_eq(run("run " SELF " 4"), 4);
	says("scheduled");
}
END_TEST

START_TEST(a_script)
{
	make_file("/tmp/script", "#!/usr/bin/env -S " SELF " 7\n");
	expect_sys(chmod("/tmp/script", 0755));
	make_file("/tmp/script2", "#!" SELF "\n");
	expect_sys(chmod("/tmp/script2", 0755));
	ck_assert_int_eq(run("run /tmp/script2"), 0);
	says("scheduled");
}
END_TEST

START_TEST(stats)
{
	char *text;

	ck_assert_int_eq(run("run --servers 2 --stats " SELF " 0"), 0);
	says("scheduled\n");
	says("umcg run: command_run (");
	says(" s, 2 servers, fifo\n");
	says("  server          runs    blocks");
	says("  thread     name                 runs");
	says(" command_run ");
	says("\n  2          all ");
	ck_assert_int_eq(run("run -n 1 --policy prio --stats=/tmp/statistics " SELF " 0"), 0);
	says_not("server");
	text = read_file("/tmp/statistics");
	ck_assert_msg(strstr(text, "1 servers, prio"), "%s", text);
	free(text);
	/* it has closed its standard error, and written over what it began with */
	ck_assert_int_eq(run("run --stats " SELF " 0 spoils"), 0);
	says("2 servers, fifo");
}
END_TEST

START_TEST(priorities)
{
	ck_assert_int_eq(run("run -p prio -P helper=9 --priority main=-3 " SELF " 0"), 0);
	says("scheduled");
}
END_TEST

START_TEST(library)
{
	setenv("UMCG_RUN_LIBRARY", "/none.so", 1);
	ck_assert_int_eq(run("run " SELF), 125);
	says("/none.so: No such file or directory");
	setenv("UMCG_RUN_LIBRARY", "/tmp/a b", 1);
	make_file("/tmp/a b", "");
	ck_assert_int_eq(run("run " SELF), 125);
	says("spaces and colons");
}
END_TEST

START_TEST(usage)
{
	static const char *const wrong[] = {
		"run", "run --what " SELF, "run --servers 0 " SELF, "run --servers 1025 " SELF,
		"run -n x " SELF, "run --policy none " SELF, "run --slice 99 " SELF,
		"run --slice 1x " SELF, "run --seed -1 " SELF, "run --priority x " SELF,
		"run --priority =1 " SELF, "run --servers", "--json run " SELF,
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		int status = run(wrong[i]);

		ck_assert_msg(status == (strstr(wrong[i], "json") ? 2 : 125), "%s: %d: %s",
			      wrong[i], status, said);
	}
	ck_assert_int_eq(run("run --help"), 0);
	says("usage: umcg run ");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("command_run");

	ADD(s, status_is_the_programs, 60);
	ADD(s, not_there, 60);
	ADD(s, without_the_module, 60);
	ADD(s, what_cannot_be, 60);
	ADD(s, who_gets_rights, 60);
	ADD(s, by_nobody_in_particular, 60);
	ADD(s, a_script, 60);
	ADD(s, stats, 60);
	ADD(s, priorities, 60);
	ADD(s, library, 60);
	ADD(s, usage, 60);
	return s;
}
