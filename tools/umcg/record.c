// SPDX-License-Identifier: MIT
/*
 * An instance of tracefs, which is gone when we are: a process of its own removes it,
 * as it sees the end of a pipe that only this one holds, however it ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record.h"
#include "tool.h"

#define REMOVE_TRIES	2000	/* ms: our other files are closed one by one */

const char *const record_all[] = { "events/umcg/enable",
				   "events/sched/sched_process_fork/enable", NULL };

static volatile sig_atomic_t over;

static void on_signal(int signal)
{
	(void)signal;
	over = 1;
}

bool record_is_over(void)
{
	return over;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

/* A signal that comes before we sleep ends the sleep, too. */
bool record_wait(pid_t pid, int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
	struct pollfd fd = { .fd = -1, .events = POLLIN };
	sigset_t caught, old;

	if (pid) {
		fd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (fd.fd < 0)
			return false;
	}
	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	sigaddset(&caught, SIGHUP);
	sigprocmask(SIG_BLOCK, &caught, &old);
	if (!over)
		ppoll(&fd, 1, ms < 0 ? NULL : &ts, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (fd.fd >= 0)
		close(fd.fd);
	return true;
}

static void guard(const struct instance *i, int alive)
{
	char byte;

	setsid();
	while (read(alive, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(instance_remove(i, REMOVE_TRIES) ? 1 : 0);
}

static int start_guard(struct recording *r)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	r->guard = fork();
	if (!r->guard) {
		close(ends[1]);
		guard(&r->instance, ends[0]);
	}
	close(ends[0]);
	r->alive = ends[1];
	return r->guard < 0 ? -errno : 0;
}

static bool is_ready(void)
{
	if (access("/sys/module/umcg", F_OK) != 0) {
		fputs("umcg: the umcg module is not loaded. Remedy: as root: umcg load\n",
		      stderr);
		return false;
	}
	return true;
}

static void explain(int error)
{
	if ((error == -EACCES || error == -EPERM) && geteuid() != 0)
		fputs("umcg: recording needs root, as " TRACEFS " is root's\n", stderr);
	else if (error == -ENOENT)
		fputs("umcg: there is no tracefs at " TRACEFS
		      ". Remedy: as root: mount -t tracefs none " TRACEFS "\n", stderr);
	else
		fprintf(stderr, "umcg: " TRACEFS " cannot be used: %s (lockdown of the kernel, or a container)\n",
			strerror(-error));
}

static int make(struct recording *r)
{
	int error = instance_make(&r->instance);

	/* of one with our number, which did not even leave its guard */
	if (error == -EEXIST && !instance_remove(&r->instance, 0))
		error = instance_make(&r->instance);
	return error;
}

static int switch_on(struct recording *r, unsigned int kb, const char *const events[])
{
	int error = instance_setup(&r->instance, kb, "mono");

	if (error == -ENOMEM)
		fprintf(stderr, "umcg: no memory for a buffer of %u kB for each processor. Remedy: less of it, -b KB\n",
			kb);
	/* they are armed one after the other, and are to begin together */
	if (!error)
		error = instance_put(&r->instance, "tracing_on", "0");
	for (; !error && *events; events++)
		error = instance_put(&r->instance, *events, "1");
	if (!error)
		error = instance_put(&r->instance, "tracing_on", "1");
	return error;
}

bool record_begin(struct recording *r, unsigned int kb, const char *const events[])
{
	int error;

	if (!is_ready())
		return false;
	catch_signals();
	error = make(r);
	if (error) {
		explain(error);
		return false;
	}
	error = start_guard(r);
	if (!error)
		error = switch_on(r, kb, events);
	if (!error)
		return true;
	record_end(r);
	if (error != -ENOMEM)
		explain(error);
	return false;
}

void record_stop(struct recording *r)
{
	instance_put(&r->instance, "tracing_on", "0");
}

void record_end(struct recording *r)
{
	int status = 1;

	close(r->alive);
	if (r->guard > 0)
		while (waitpid(r->guard, &status, 0) < 0 && errno == EINTR)
			;
	if (status && instance_remove(&r->instance, 0))
		fprintf(stderr, "umcg: %s stays. Remedy: as root: rmdir it\n",
			r->instance.path);
}
