// SPDX-License-Identifier: MIT
/* Priorities go by the names of threads, which come behind their beginning. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "internal.h"

static void named(const char *name)
{
	if (run_options()->priorities)
		umcg_rt_set_priority(run_priority(name));
}

UMCG_PUBLIC int pthread_setname_np(pthread_t thread, const char *name)
{
	int error = REAL(pthread_setname_np)(thread, name);

	if (!error && pthread_equal(thread, pthread_self()))
		named(name);
	return error;
}

UMCG_PUBLIC int prctl(int option, ...)
{
	unsigned long arg[4];
	va_list args;
	int result, i;

	va_start(args, option);
	for (i = 0; i < 4; i++)
		arg[i] = va_arg(args, unsigned long);
	va_end(args);
	result = REAL(prctl)(option, arg[0], arg[1], arg[2], arg[3]);
	if (option == PR_SET_NAME && result == 0) {
		char name[16 + 1] = "";

		/* as the kernel has cut it */
		if (REAL(prctl)(PR_GET_NAME, name) == 0)
			named(name);
	}
	return result;
}
