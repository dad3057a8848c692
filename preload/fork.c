// SPDX-License-Identifier: MIT
/* The child of a worker is a worker, of a runtime of its own. */
#include <errno.h>
#include <pthread.h>

#include "internal.h"

static __thread bool forks_as_worker __attribute__((tls_model("initial-exec")));

static void before(void)
{
	forks_as_worker = umcg_rt_self();
}

static void in_child(void)
{
	int saved = errno;

	run_forget();
	end_forked();
	if (forks_as_worker) {
		run_start();
		run_enter(NULL);
	}
	errno = saved;
}

void fork_init(void)
{
	pthread_atfork(before, NULL, in_child);
}
