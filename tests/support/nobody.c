// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nobody.h"
#include "suite.h"

#define STACK	(64 * 1024)

void nobody_become(void)
{
	expect_sys(setgroups(0, NULL));
	expect_sys(setresgid(NOBODY, NOBODY, NOBODY));
	expect_sys(setresuid(NOBODY, NOBODY, NOBODY));
	expect(setuid(0) < 0);
}

pid_t nobody_start(void (*run)(void *arg), void *arg)
{
	pid_t pid;

	/* whatever a rule of this machine says */
	expect_sys(chmod(UMCG_DEVICE, 0666));
	pid = expect_sys(fork());
	if (pid)
		return pid;
	nobody_become();
	run(arg);
	_exit(0);
}

static bool is_gone(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG | __WALL) == pid;
}

void nobody_kill(pid_t pid)
{
	expect_sys(kill(pid, SIGKILL));
	wait_for(is_gone(pid));
}

void nobody_thread(void *(*run)(void *arg), void *arg)
{
	pthread_attr_t attr;
	pthread_t id;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	expect(!pthread_create(&id, &attr, run, arg));
	pthread_attr_destroy(&attr);
}

void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	expect(memory != MAP_FAILED);
	return memory;
}
