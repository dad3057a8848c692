// SPDX-License-Identifier: MIT
/* Why UMCG cannot be used, in words that say what to do about it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* There for a module, not for one built into the kernel; we have no such. */
#define LOADED	"/sys/module/umcg"

static const char *open_failed(int error)
{
	switch (-error) {
	case ENOENT:
		if (access(LOADED, F_OK) == 0)
			return "the umcg module is loaded but " UMCG_DEVICE
			       " is not here; in a container, start it with --device "
			       UMCG_DEVICE;
		/* fall through */
	case ENODEV:
	case ENXIO:
		return "the umcg module is not loaded; load it with: modprobe umcg";
	case EACCES:
		return "no permission for " UMCG_DEVICE
		       "; ask for membership of the group that owns it (ls -l "
		       UMCG_DEVICE ")";
	case EPERM:
		return "opening " UMCG_DEVICE " is forbidden here, as containers and"
		       " sandboxes do; start it with --device " UMCG_DEVICE;
	case EMFILE:
	case ENFILE:
		return "too many open files to open " UMCG_DEVICE
		       "; close some or raise the limit (ulimit -n)";
	default:
		return NULL;
	}
}

static void explain(const struct device *dev, char *why, size_t len)
{
	const char *said = dev->opened ? NULL : open_failed(dev->error);

	if (said)
		snprintf(why, len, "%s", said);
	else if (!dev->opened)
		snprintf(why, len, "cannot open %s: %s", UMCG_DEVICE, strerror(-dev->error));
	else if (dev->error == -EPROTONOSUPPORT)
		snprintf(why, len,
			 "the umcg module has API level %u, this program needs %u; install a newer module",
			 dev->query.api_level, API_LEVEL_NEEDED);
	else
		snprintf(why, len,
			 "%s is not the umcg module's: it does not answer as that does (%s); remove it, then: modprobe umcg",
			 UMCG_DEVICE, strerror(-dev->error));
}

UMCG_PUBLIC int umcg_available(char *why, size_t len)
{
	struct device dev;
	int saved = errno;

	device_open(&dev);
	device_close(&dev);
	if (why && len > 0) {
		why[0] = '\0';
		if (dev.error)
			explain(&dev, why, len);
	}
	errno = saved;
	return dev.error;
}
