// SPDX-License-Identifier: MIT
/* Priorities go by the names of threads, which come behind their beginning. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "internal.h"

static void named(const char *name)
{
	int priority = 0;

	if (!run_options()->priorities)
		return;
	if (run_priority(name, &priority) || !run_serves_port())
		umcg_rt_set_priority(priority);
}

UMCG_PUBLIC int pthread_setname_np(pthread_t thread, const char *name)
{
	int error = REAL(pthread_setname_np)(thread, name);

	if (!error && pthread_equal(thread, pthread_self()))
		named(name);
	return error;
}

static int call(int option, va_list args)
{
	unsigned long arg[4];
	int i;

	for (i = 0; i < 4; i++)
		arg[i] = va_arg(args, unsigned long);
	return REAL(prctl)(option, arg[0], arg[1], arg[2], arg[3]);
}

UMCG_PUBLIC int prctl(int option, ...)
{
	char name[UMCG_RT_NAME_MAX] = "";
	va_list args;
	int result;

	va_start(args, option);
	result = call(option, args);
	va_end(args);
	/* as the kernel has cut it */
	if (option == PR_SET_NAME && result == 0 && REAL(prctl)(PR_GET_NAME, name) == 0)
		named(name);
	return result;
}

int __wrap_prctl(int option, ...)
{
	va_list args;
	int result;

	va_start(args, option);
	result = call(option, args);
	va_end(args);
	return result;
}
