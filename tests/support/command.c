// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "module.h"
#include "suite.h"

char said[65536];

int run_line(const char *line)
{
	char both[512];
	size_t n;
	FILE *f;
	int status;

	snprintf(both, sizeof(both), "%s 2>&1", line);
	f = popen(both, "re");
	ck_assert_ptr_nonnull(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	status = pclose(f);
	ck_assert_msg(WIFEXITED(status), "%s: status %#x: %s", line, status, said);
	return WEXITSTATUS(status);
}

int run(const char *arguments)
{
	char line[480];

	snprintf(line, sizeof(line), COMMAND "%s", arguments);
	return run_line(line);
}

void says(const char *text)
{
	ck_assert_msg(strstr(said, text), "no \"%s\" in: %.2000s", text, said);
}

void says_not(const char *text)
{
	ck_assert_msg(!strstr(said, text), "\"%s\" in: %.2000s", text, said);
}

void own_mounts(void)
{
	expect_sys(unshare(CLONE_NEWNS));
	expect_sys(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

void hide(const char *dir)
{
	expect_sys(mount("none", dir, "tmpfs", 0, NULL));
}

void make_file(const char *path, const char *text)
{
	int fd = expect_sys(open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644));

	expect_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

char *read_file(const char *path)
{
	FILE *in = fopen(path, "re");
	size_t room = 0;
	char *text = NULL;

	if (!in)
		ck_abort_msg("%s: errno %d", path, errno);
	if (getdelim(&text, &room, '\0', in) < 0)
		text = calloc(1, 1);
	fclose(in);
	return text;
}

void unload(void)
{
	wait_for(module_unload() == 0);
	ck_assert_int_eq(module_refcount(), -1);
}
