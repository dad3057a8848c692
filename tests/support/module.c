// SPDX-License-Identifier: GPL-2.0-only
/* libs: -lkmod */
#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "module.h"

static int with_module(int (*action)(struct kmod_module *))
{
	const char *file = getenv("UMCG_MODULE");
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	struct kmod_module *mod;
	int error;

	if (!ctx)
		return -ENOMEM;
	/* whoever calls may well expect an error, and says so otherwise */
	kmod_set_log_priority(ctx, LOG_CRIT);
	if (file)
		error = kmod_module_new_from_path(ctx, file, &mod);
	else
		error = kmod_module_new_from_name(ctx, "umcg", &mod);
	if (!error) {
		error = action(mod);
		kmod_module_unref(mod);
	}
	kmod_unref(ctx);
	return error;
}

static int insert(struct kmod_module *mod)
{
	int error = kmod_module_insert_module(mod, 0, NULL);

	return error == -EEXIST ? 0 : error;
}

static int remove_now(struct kmod_module *mod)
{
	return kmod_module_remove_module(mod, O_NONBLOCK);
}

int module_load(void)
{
	if (module_refcount() >= 0)
		return 0;
	return with_module(insert);
}

int module_unload(void)
{
	return with_module(remove_now);
}

int module_refcount(void)
{
	FILE *f = fopen("/sys/module/umcg/refcnt", "re");
	int count = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%d", &count) != 1)
		count = -1;
	fclose(f);
	return count;
}

const char *module_strerror(int error)
{
	switch (-error) {
	case ENOENT:
		return "there is none for this kernel (UMCG_MODULE names a file)";
	case EPERM:
		return "this needs root";
	case EOPNOTSUPP:
		return "it refuses this kernel; the kernel log says why";
	default:
		return strerror(-error);
	}
}
