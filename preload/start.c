// SPDX-License-Identifier: MIT
/* The runtime of this process, which is there before main() is. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define NSEC_PER_SEC	1000000000ULL

static struct umcg_rt *runtime;
static bool tried;
static int file = -1;
static __u64 since;
static unsigned int plain;
static __thread bool serves_port __attribute__((tls_model("initial-exec")));

struct umcg_rt *run_runtime(void)
{
	return runtime;
}

int run_file(void)
{
	return file;
}

__u64 run_since(void)
{
	return since;
}

unsigned int run_plain(void)
{
	return __atomic_load_n(&plain, __ATOMIC_RELAXED);
}

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * NSEC_PER_SEC + (__u64)t.tv_nsec;
}

/* umcg run has seen that it can be; here it is a limit, or a place without the device. */
static void tell(int error)
{
	fprintf(stderr, "umcg run: %s (%d) runs as it is: %s\n", program_invocation_short_name,
		getpid(), strerror(-error));
}

void run_start(void)
{
	int error;

	/* the first to ask is the only thread there is */
	if (tried)
		return;
	tried = true;
	since = now();
	error = umcg_rt_create(&runtime, &run_options()->attr);
	if (error) {
		runtime = NULL;
		tell(error);
		return;
	}
	file = umcg_fd(umcg_rt_group(runtime));
}

void run_forget(void)
{
	struct umcg_rt *parents = runtime;

	runtime = NULL;
	tried = false;
	file = -1;
	plain = 0;
	umcg_rt_destroy(parents);
}

bool run_serves_port(void)
{
	return serves_port;
}

void run_enter(const int *priority)
{
	struct umcg_rt_thread_attr attr = { .name = NULL };
	char name[UMCG_RT_NAME_MAX] = "";
	int cancel;

	if (!runtime)
		return;
	/* what pthread_cancel() ends has begun */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	serves_port = priority;
	if (priority)
		attr.priority = *priority;
	else if (run_options()->priorities && REAL(prctl)(PR_GET_NAME, name) == 0)
		run_priority(name, &attr.priority);
	if (umcg_rt_enter(runtime, &attr))
		__atomic_fetch_add(&plain, 1, __ATOMIC_RELAXED);
	pthread_setcancelstate(cancel, NULL);
}

/*
 * What allocates memory has made its handlers of fork() when ours come, and in the child
 * they are called before ours.
 */
__attribute__((constructor)) static void before_main(void)
{
	int saved = errno;

	stats_init();
	run_start();
	end_init();
	fork_init();
	run_enter(NULL);
	errno = saved;
}
