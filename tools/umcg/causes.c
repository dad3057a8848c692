// SPDX-License-Identifier: MIT
/* Facts into causes. Each is told from its neighbours, with the remedy for it. */
#include <errno.h>
#include <string.h>

#include "tool.h"

/* say(field, format, ...): into one of a cause's two sentences */
#define say(field, ...)	snprintf(field, sizeof(field), __VA_ARGS__)

static bool wants_signature(const struct facts *f)
{
	return f->sig_enforce || (f->lockdown[0] && strcmp(f->lockdown, "none") != 0);
}

static void no_file_but_sources(const struct facts *f, struct cause *c)
{
	if (!f->headers) {
		c->id = "no-headers";
		say(c->text, "DKMS has umcg %s, but the headers of kernel %s to build it with are missing",
		    f->dkms_version, f->kernel);
		say(c->remedy, "install linux-headers-%s; DKMS then builds it", f->kernel);
		return;
	}
	c->id = "not-built";
	say(c->text, "DKMS has umcg %s, but it is not built for kernel %s",
	    f->dkms_version, f->kernel);
	if (f->dkms_log[0])
		say(c->remedy, "dkms install umcg/%s -k %s; how that failed is in %s",
		    f->dkms_version, f->kernel, f->dkms_log);
	else
		say(c->remedy, "dkms install umcg/%s -k %s; a kernel that is not tested is skipped (BUILD_EXCLUSIVE_KERNEL in its dkms.conf)",
		    f->dkms_version, f->kernel);
}

static void not_loaded(const struct facts *f, struct cause *c)
{
	if (f->container) {
		c->id = "not-loaded";
		say(c->text, "the kernel of this container has not loaded the umcg module");
		say(c->remedy, "on the host: umcg check");
	} else if (!f->file[0] && f->dkms_version[0]) {
		no_file_but_sources(f, c);
	} else if (!f->file[0]) {
		c->id = "no-module";
		say(c->text, "there is no umcg module for kernel %s", f->kernel);
		say(c->remedy, "install umcg-dkms and linux-headers-%s, or see make install-dkms",
		    f->kernel);
	} else if (wants_signature(f) && !f->signer[0]) {
		c->id = "not-signed";
		say(c->text, "this kernel takes signed modules only (lockdown: %s), and %s is not signed",
		    f->lockdown[0] ? f->lockdown : "none", f->file);
		say(c->remedy, "let DKMS sign it (umcg(7), Secure Boot), or switch Secure Boot off");
	} else {
		c->id = "not-loaded";
		say(c->text, "the umcg module is not loaded");
		say(c->remedy, "as root: umcg load");
	}
}

static void no_node(const struct facts *f, struct cause *c)
{
	int major = 0, minor = 0;

	c->id = "no-node";
	say(c->text, "the umcg module is loaded, but %s is not here", UMCG_DEVICE);
	if (f->container || sscanf(f->numbers, "%d:%d", &major, &minor) != 2)
		say(c->remedy, "start this container with --device %s", UMCG_DEVICE);
	else
		say(c->remedy, "in a container, start it with --device %s; else, as root: mknod -m 666 %s c %d %d",
		    UMCG_DEVICE, UMCG_DEVICE, major, minor);
}

static void no_permission(const struct facts *f, struct cause *c)
{
	c->id = "no-permission";
	say(c->text, "no permission for %s, mode %04o, group %s", UMCG_DEVICE,
	    (unsigned int)f->node_mode, f->node_group);
	if ((f->node_mode & 0060) == 0060 && strcmp(f->node_group, "root") != 0)
		say(c->remedy, "join the group, as root: adduser USER %s; then log in anew",
		    f->node_group);
	else
		say(c->remedy, "as root: chmod 666 %s, and see which udev rule took it away (umcg(4))",
		    UMCG_DEVICE);
}

static void not_opened(const struct facts *f, struct cause *c)
{
	switch (-f->open_error) {
	case ENOENT:
		no_node(f, c);
		break;
	case EACCES:
		no_permission(f, c);
		break;
	case EPERM:
		c->id = "forbidden";
		say(c->text, "opening %s is forbidden here, as containers and sandboxes do",
		    UMCG_DEVICE);
		say(c->remedy, "start it with --device %s", UMCG_DEVICE);
		break;
	case ENODEV:
	case ENXIO:
		c->id = "stale-node";
		say(c->text, "%s is a node that the loaded module does not answer to",
		    UMCG_DEVICE);
		say(c->remedy, "remove it; as root: umcg unload, then umcg load");
		break;
	default:
		c->id = "open";
		say(c->text, "cannot open %s: %s", UMCG_DEVICE, strerror(-f->open_error));
		say(c->remedy, "see open(2)");
	}
}

static void opened(const struct facts *f, struct cause *c)
{
	switch (-f->hooks_error) {
	case EPROTONOSUPPORT:
		c->id = "module-too-old";
		say(c->text, "the module has API level %u, too old for this command and its library, %s",
		    f->query.api_level, UMCG_VERSION);
		say(c->remedy, "install umcg-dkms %s; as root: umcg unload, then umcg load",
		    UMCG_VERSION);
		break;
	case EOPNOTSUPP:
		c->id = "hooks";
		say(c->text, "the module cannot hook this kernel, as it must to see what blocks");
		say(c->remedy, "the kernel log says why: kprobes may be switched off");
		break;
	default:
		c->id = "register";
		say(c->text, "no thread can be registered: %s", strerror(-f->hooks_error));
		say(c->remedy, "umcg(4) says what that means");
	}
}

static void foreign(const struct facts *f, struct cause *c)
{
	c->id = "foreign";
	say(c->text, "%s is something else's: it does not answer as the umcg module does (%s)",
	    UMCG_DEVICE, strerror(-(f->query_error ? f->query_error : f->hooks_error)));
	say(c->remedy, "remove it; as root: umcg unload, then umcg load");
}

/* Threads can still be registered while the hooks are armed from before. */
static void ftrace_off(struct cause *c)
{
	c->id = "ftrace-off";
	say(c->text, "kernel.ftrace_enabled is 0, so the module is not told of signals");
	say(c->remedy, "as root: sysctl kernel.ftrace_enabled=1");
}

/* Nothing is ever taken away from the interface, so these do no harm. */
static size_t find_notes(const struct facts *f, struct cause *c)
{
	size_t n = 0;

	if (f->file_version[0] && f->loaded_version[0] &&
	    strcmp(f->file_version, f->loaded_version) != 0) {
		c[n].id = "other-version-loaded";
		c[n].note = true;
		say(c[n].text, "the module that is loaded is %s, the one that is installed is %s",
		    f->loaded_version, f->file_version);
		say(c[n].remedy, "as root, when nobody uses it: umcg unload, then umcg load");
		n++;
	}
	if (f->query.api_level > UMCG_API_LEVEL) {
		c[n].id = "module-newer";
		c[n].note = true;
		say(c[n].text, "the module has API level %u, this command knows %u",
		    f->query.api_level, UMCG_API_LEVEL);
		say(c[n].remedy, "nothing needs to be done; a newer command has names for all of it");
		n++;
	}
	return n;
}

size_t causes_find(const struct facts *f, struct cause causes[CAUSES_MAX])
{
	size_t n = 0;

	memset(causes, 0, CAUSES_MAX * sizeof(*causes));
	if (!f->loaded && f->open_error)
		not_loaded(f, &causes[n++]);
	else if (f->open_error)
		not_opened(f, &causes[n++]);
	else if (f->query_error || f->hooks_error == -EPROTO)
		foreign(f, &causes[n++]);
	else if (f->ftrace_off)
		ftrace_off(&causes[n++]);
	else if (f->hooks_error)
		opened(f, &causes[n++]);
	return n + find_notes(f, &causes[n]);
}
