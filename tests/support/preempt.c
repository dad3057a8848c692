// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "preempt.h"
#include "proc.h"
#include "suite.h"

#define FILE_OF_MODES "/sys/kernel/debug/sched/preempt"
#define MODES 8

static struct {
	char text[128]; /* "none (voluntary) full": the one in use in brackets */
	const char *mode[MODES + 1];
	const char *first; /* that was in use when this was read */
} all;

static void read_modes(void)
{
	unsigned int i;
	char *word;
	int fd;

	if (all.text[0])
		return;
	fd = open(FILE_OF_MODES, O_RDONLY);
	if (fd < 0)
		return;
	expect_sys(read(fd, all.text, sizeof(all.text) - 1));
	close(fd);
	word = strtok(all.text, "\n ");
	for (i = 0; word && i < MODES; word = strtok(NULL, "\n ")) {
		if (*word == '(') {
			word[strlen(word) - 1] = '\0';
			all.first = ++word;
		}
		all.mode[i++] = word;
	}
}

const char *preempt_mode(unsigned int i)
{
	read_modes();
	return i < MODES ? all.mode[i] : NULL;
}

bool preempt_use(const char *mode)
{
	unsigned int i;

	for (i = 0; preempt_mode(i); i++)
		if (!strcmp(mode, all.mode[i]))
			return proc_set(FILE_OF_MODES, mode);
	return false;
}

void preempt_fully(void)
{
	preempt_use("full");
}

void preempt_restore(void)
{
	if (all.first)
		expect(proc_set(FILE_OF_MODES, all.first));
}
