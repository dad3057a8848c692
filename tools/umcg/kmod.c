// SPDX-License-Identifier: MIT
/* The module as modprobe and rmmod know it. */
#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <string.h>
#include <syslog.h>

#include "tool.h"

static void copy(char *to, const char *from)
{
	snprintf(to, NAME_LEN, "%s", from);
}

static void read_info(struct kmod_module *mod, struct facts *f)
{
	struct kmod_list *info = NULL, *item;
	const char *key;

	if (kmod_module_get_info(mod, &info) < 0)
		return;
	kmod_list_foreach(item, info) {
		key = kmod_module_info_get_key(item);
		if (strcmp(key, "version") == 0)
			copy(f->file_version, kmod_module_info_get_value(item));
		else if (strcmp(key, "signer") == 0)
			copy(f->signer, kmod_module_info_get_value(item));
	}
	kmod_module_info_free_list(info);
}

/* Its only use is a name or a path, so it lives no longer than @action. */
static int with_module(int (*action)(struct kmod_module *mod, void *arg), void *arg)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	struct kmod_list *list = NULL;
	struct kmod_module *mod;
	int error;

	if (!ctx)
		return -ENOMEM;
	kmod_set_log_priority(ctx, LOG_CRIT);	/* we say it ourselves */
	error = kmod_module_new_from_lookup(ctx, "umcg", &list);
	if (!error && !list)
		error = -ENOENT;
	if (!error) {
		mod = kmod_module_get_module(list);
		error = action(mod, arg);
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	kmod_unref(ctx);
	return error;
}

static int look(struct kmod_module *mod, void *arg)
{
	const char *path = kmod_module_get_path(mod);
	struct facts *f = arg;

	if (path) {
		snprintf(f->file, sizeof(f->file), "%s", path);
		read_info(mod, f);
	}
	return 0;
}

static int insert(struct kmod_module *mod, void *arg)
{
	int error = kmod_module_probe_insert_module(mod, 0, NULL, NULL, NULL, NULL);

	(void)arg;
	return error == -EEXIST ? 0 : error;
}

void kmod_file(struct facts *f)
{
	with_module(look, f);
}

int kmod_load(void)
{
	return with_module(insert, NULL);
}

/* By name alone: the file may be gone while the module is loaded. */
int kmod_unload(void)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	struct kmod_module *mod;
	int error;

	if (!ctx)
		return -ENOMEM;
	kmod_set_log_priority(ctx, LOG_CRIT);
	error = kmod_module_new_from_name(ctx, "umcg", &mod);
	if (!error) {
		error = kmod_module_remove_module(mod, O_NONBLOCK);
		kmod_module_unref(mod);
	}
	kmod_unref(ctx);
	return error;
}
