// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process with workers in every state ends with a core dump: all its threads are
 * in it, whoever caused it, and nothing of it is left behind.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cast.h"
#include "kmsg.h"
#include "module.h"
#include "suite.h"

#define THREADS	(ROLES + 1)
#define PATTERN	"/proc/sys/kernel/core_pattern"
#define BOSS	ROLES

/* Shared with the victim: its threads, in the order of their roles, the server last. */
static pid_t *tids;
static struct cast cast;

/* --- how it ends --------------------------------------------------------- */

static long segfault(struct worker *w)
{
	volatile int *volatile nowhere = NULL;

	(void)w;
	return *nowhere;
}

static long do_abort(struct worker *w)
{
	(void)w;
	abort();
}

static long divide(struct worker *w)
{
	volatile int zero = 0;

	return (int)step_get(w) / zero;
}

/* By what a worker does in its turn, or by a signal to somebody who has none. */
static const struct end {
	const char *name;
	int signal;
	int who;
	long (*act)(struct worker *w);
} ends[] = {
	{ "a worker runs into a fault", SIGSEGV, ROLE_RUNNING, segfault },
	{ "a worker calls abort()", SIGABRT, ROLE_RUNNING, do_abort },
	{ "a worker divides by zero", SIGFPE, ROLE_RUNNING, divide },
	{ "a signal to one that is held", SIGQUIT, ROLE_HELD, NULL },
	{ "a signal to one that is parked", SIGABRT, ROLE_PARKED, NULL },
	{ "a signal to one that is blocked", SIGSYS, ROLE_BLOCKED, NULL },
	{ "a signal to the server", SIGSEGV, BOSS, NULL },
};

#define ENDS	((int)(sizeof(ends) / sizeof(ends[0])))

static void write_file(const char *name, const char *text)
{
	int fd = expect_sys(open(name, O_WRONLY | O_CLOEXEC));

	expect_eq(write(fd, text, strlen(text)), (long)strlen(text));
	close(fd);
}

/* The file's mapping, the slots, is to be dumped as well: filter of all kinds. */
static void victim(const struct end *end)
{
	struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };
	int i;

	expect_sys(setrlimit(RLIMIT_CORE, &any));
	write_file("/proc/self/coredump_filter", "0xff");
	cast.act = end->act;
	cast_start(&cast, open_group());
	for (i = 0; i < ROLES; i++)
		tids[i] = cast.worker[i].tid;
	tids[BOSS] = cast.boss.tid;
	if (end->act)
		__atomic_store_n(&cast.over, 1, __ATOMIC_SEQ_CST);
	else
		expect_sys(syscall(SYS_tgkill, getpid(), tids[end->who],
				   end->signal));
	/* nobody is scheduled any more, nor need be */
	for (;;)
		umcg_wait(cast.boss.group, 0, 0);
}

/* --- what is in the core ------------------------------------------------- */

static bool is_in(const struct elf_prstatus *found, int count, pid_t tid)
{
	int i;

	for (i = 0; i < count; i++)
		if (found[i].pr_pid == tid)
			return true;
	return false;
}

/* One note after the other; the threads' are taken, up to @room. */
static int take_threads(const char *at, const char *end,
			struct elf_prstatus *found, int room)
{
	Elf64_Nhdr note;
	int count = 0;

	while (at + sizeof(note) <= end) {
		memcpy(&note, at, sizeof(note));
		at += sizeof(note) + (note.n_namesz + 3) / 4 * 4;
		if (note.n_type == NT_PRSTATUS) {
			expect_eq(note.n_descsz, sizeof(*found));
			expect(count < room);
			memcpy(&found[count++], at, sizeof(*found));
		}
		at += (note.n_descsz + 3) / 4 * 4;
	}
	return count;
}

static int threads_in(const char *core, struct elf_prstatus *found, int room)
{
	const Elf64_Ehdr *head = (const Elf64_Ehdr *)core;
	const Elf64_Phdr *part = (const Elf64_Phdr *)(core + head->e_phoff);
	int i;

	expect(!memcmp(head->e_ident, ELFMAG, SELFMAG));
	expect_eq(head->e_type, ET_CORE);
	for (i = 0; i < head->e_phnum; i++)
		if (part[i].p_type == PT_NOTE)
			return take_threads(core + part[i].p_offset,
					    core + part[i].p_offset +
						    part[i].p_filesz,
					    found, room);
	return 0;
}

/* The one that ended it comes first. */
static void core_is_whole(const char *name, const struct end *end)
{
	struct elf_prstatus found[THREADS];
	struct stat stat;
	char *core;
	int i, count, fd = open(name, O_RDONLY | O_CLOEXEC);

	expect_sys(fd);
	expect_sys(fstat(fd, &stat));
	ck_assert_int_gt(stat.st_size, 4096);
	core = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	expect(core != MAP_FAILED);
	count = threads_in(core, found, THREADS);
	ck_assert_int_eq(count, THREADS);
	for (i = 0; i < THREADS; i++)
		expect(is_in(found, count, tids[i]));
	ck_assert_int_eq(found[0].pr_pid, tids[end->who]);
	ck_assert_int_eq(found[0].pr_info.si_signo, end->signal);
	munmap(core, stat.st_size);
	close(fd);
}

/* --- the test ------------------------------------------------------------ */

START_TEST(all_threads_are_in_it)
{
	const struct end *end = &ends[_i];
	char directory[] = "/tmp/umcg-core.XXXXXX", name[64];
	int status, log = kmsg_open();
	pid_t child;

	expect(mkdtemp(directory));
	snprintf(name, sizeof(name), "%s/core", directory);
	write_file("/proc/sys/kernel/core_uses_pid", "0");
	write_file(PATTERN, name);
	tids = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	expect(tids != MAP_FAILED);
	child = expect_sys(fork());
	if (!child)
		victim(end);
	expect_eq(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status))
		ck_abort_msg("%s: status %#x", end->name, status);
	ck_assert_int_eq(WTERMSIG(status), end->signal);
	ck_assert(WCOREDUMP(status));
	core_is_whole(name, end);
	unlink(name);
	rmdir(directory);
	/* the last of its files is closed after its end was told */
	wait_for(module_refcount() == 0);
	kmsg_clean(log);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("core_dump");

	ADD_LOOP(s, all_threads_are_in_it, 30, ENDS);
	return s;
}
