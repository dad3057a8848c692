// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"
#include "suite.h"

/* A small file of /proc as a string; its length, or -1. */
static ssize_t slurp(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -1;
	length = read(fd, buffer, size - 1);
	close(fd);
	if (length >= 0)
		buffer[length] = '\0';
	return length;
}

static ssize_t slurp_of(pid_t tid, const char *name, char *buffer, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	return slurp(path, buffer, size);
}

static unsigned long number_behind(const char *text, const char *word)
{
	const char *found = strstr(text, word);

	if (!found)
		ck_abort_msg("no %s in /proc", word);
	return strtoul(found + strlen(word), NULL, 10);
}

struct proc_switches proc_switches(pid_t tid)
{
	struct proc_switches s;
	char text[4096];

	if (slurp_of(tid, "status", text, sizeof(text)) < 0)
		ck_abort_msg("no thread %d", tid);
	/* with the colon and the line's start: one is the other's end */
	s.voluntary = number_behind(text, "\nvoluntary_ctxt_switches:");
	s.involuntary = number_behind(text, "\nnonvoluntary_ctxt_switches:");
	return s;
}

/* Who may not ask is told that it is. */
bool proc_is_off(pid_t tid)
{
	char text[256];

	return slurp_of(tid, "syscall", text, sizeof(text)) <= 0 ||
	       strncmp(text, "running", 7);
}

static bool has_settled(pid_t tid, struct proc_switches *s)
{
	struct proc_switches before = proc_switches(tid);

	sleep_ns(3 * MSEC);
	if (!proc_is_off(tid))
		return false;
	*s = proc_switches(tid);
	return proc_state(tid) == 'S' && s->voluntary == before.voluntary &&
	       s->involuntary == before.involuntary;
}

struct proc_switches proc_settled(pid_t tid)
{
	struct proc_switches s;

	wait_for(has_settled(tid, &s));
	return s;
}

__u64 proc_cpu_ns(pid_t tid)
{
	char text[256];

	if (slurp_of(tid, "schedstat", text, sizeof(text)) < 0)
		ck_abort_msg("no thread %d", tid);
	return strtoull(text, NULL, 10);
}

void proc_runs_on(pid_t tid)
{
	__u64 before = proc_cpu_ns(tid);

	wait_for(proc_cpu_ns(tid) > before);
}

int proc_cpu(pid_t tid)
{
	char text[1024], *at;
	int field;

	if (slurp_of(tid, "stat", text, sizeof(text)) <= 0)
		ck_abort_msg("no thread %d", tid);
	/* behind the name come the fields from the third on */
	at = strrchr(text, ')') + 1;
	for (field = 3; field < 39; field++)
		at = strchr(at + 1, ' ');
	return atoi(at);
}

char proc_state(pid_t tid)
{
	char text[1024], *behind_name;

	if (slurp_of(tid, "stat", text, sizeof(text)) <= 0)
		return 0;
	behind_name = strrchr(text, ')');
	return behind_name ? behind_name[2] : 0;
}

bool proc_signal_in(pid_t tid, const char *set, int signal)
{
	char text[4096], word[16];
	const char *found;

	if (slurp_of(tid, "status", text, sizeof(text)) < 0)
		ck_abort_msg("no thread %d", tid);
	snprintf(word, sizeof(word), "\n%s:", set);
	found = strstr(text, word);
	if (!found)
		ck_abort_msg("no %s in /proc", set);
	return strtoull(found + strlen(word), NULL, 16) >> (signal - 1) & 1;
}

long proc_sleeps_in(pid_t tid)
{
	char text[256], *end;
	long number;

	if (slurp_of(tid, "syscall", text, sizeof(text)) <= 0)
		return -1;
	/* "running", or the call and more */
	number = strtol(text, &end, 10);
	return end == text ? -1 : number;
}

unsigned long count_lines(const char *file, const char *text)
{
	FILE *f = fopen(file, "re");
	char line[1024];
	unsigned long count = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (strstr(line, text))
			count++;
	fclose(f);
	return count;
}

long read_number(const char *file, const char *word)
{
	FILE *f = fopen(file, "re");
	char line[1024];
	long number = -1;

	if (!f)
		return -1;
	while (number < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, word, strlen(word)))
			number = strtol(line + strlen(word), NULL, 10);
	fclose(f);
	return number;
}

bool proc_set(const char *file, const char *value)
{
	int fd = expect_sys(open(file, O_WRONLY));
	bool done = write(fd, value, strlen(value)) == (ssize_t)strlen(value);

	close(fd);
	return done;
}

void ended_well(pid_t child)
{
	int status;

	expect_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

bool kernel_is_realtime(void)
{
	struct utsname name;

	expect_sys(uname(&name));
	return strstr(name.version, "PREEMPT_RT");
}

unsigned long timer_interrupts(void)
{
	FILE *f = fopen("/proc/interrupts", "re");
	unsigned long sum = 0, one;
	char line[4096], *at, *end;

	expect(f);
	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, "LOC:");
		if (!at)
			continue;
		for (at += 4; one = strtoul(at, &end, 10), end != at; at = end)
			sum += one;
	}
	fclose(f);
	return sum;
}

int cpu_count(void)
{
	cpu_set_t set;

	expect_sys(sched_getaffinity(0, sizeof(set), &set));
	return CPU_COUNT(&set);
}

void pin(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	expect_sys(sched_setaffinity(tid, sizeof(set), &set));
}

unsigned long own_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}
