// SPDX-License-Identifier: MIT
/* What this machine is like. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tool.h"

bool read_line(const char *file, char *line, size_t len)
{
	FILE *f = fopen(file, "re");
	bool read;

	line[0] = '\0';
	if (!f)
		return false;
	read = fgets(line, (int)len, f);
	line[strcspn(line, "\n")] = '\0';
	fclose(f);
	return read;
}

static void gather_kernel(struct facts *f)
{
	char path[PATH_MAX], line[NAME_LEN], *chosen;
	struct utsname name;

	uname(&name);
	snprintf(f->kernel, sizeof(f->kernel), "%s", name.release);
	snprintf(path, sizeof(path), "/lib/modules/%s/build/Makefile", name.release);
	f->headers = access(path, F_OK) == 0;

	/* "none [integrity] confidentiality" */
	read_line("/sys/kernel/security/lockdown", line, sizeof(line));
	chosen = strchr(line, '[');
	if (chosen) {
		chosen[strcspn(chosen, "]")] = '\0';
		snprintf(f->lockdown, sizeof(f->lockdown), "%s", chosen + 1);
	}
	read_line("/sys/module/module/parameters/sig_enforce", line, sizeof(line));
	f->sig_enforce = line[0] == 'Y';
	f->ftrace_off = read_line("/proc/sys/kernel/ftrace_enabled", line, sizeof(line)) &&
			line[0] == '0';
	f->container = access("/run/systemd/container", F_OK) == 0 ||
		       access("/run/.containerenv", F_OK) == 0 ||
		       access("/.dockerenv", F_OK) == 0;
}

/* The newest of the sources, and the log of what DKMS made of them last. */
static void gather_dkms(struct facts *f)
{
	static const char prefix[] = "/usr/src/umcg-";
	char *end;
	glob_t found;

	if (glob("/usr/src/umcg-*/dkms.conf", 0, NULL, &found) == 0) {
		snprintf(f->dkms_version, sizeof(f->dkms_version), "%s",
			 found.gl_pathv[found.gl_pathc - 1] + strlen(prefix));
		end = strchr(f->dkms_version, '/');
		if (end)
			*end = '\0';
		snprintf(f->dkms_log, sizeof(f->dkms_log),
			 "/var/lib/dkms/umcg/%s/build/make.log", f->dkms_version);
		if (access(f->dkms_log, F_OK) != 0)
			f->dkms_log[0] = '\0';
	}
	globfree(&found);
}

static void gather_module(struct facts *f)
{
	char line[NAME_LEN];

	f->loaded = access("/sys/module/umcg", F_OK) == 0;
	read_line("/sys/module/umcg/version", f->loaded_version, sizeof(f->loaded_version));
	f->users = read_line("/sys/module/umcg/refcnt", line, sizeof(line)) ? atol(line) : -1;
	read_line("/sys/class/misc/umcg/dev", f->numbers, sizeof(f->numbers));
	kmod_file(f);
}

static void gather_node(struct facts *f)
{
	struct group *group;
	struct stat st;

	f->node = stat(UMCG_DEVICE, &st) == 0;
	if (!f->node)
		return;
	f->node_mode = st.st_mode & 07777;
	group = getgrgid(st.st_gid);
	if (group)
		snprintf(f->node_group, sizeof(f->node_group), "%s", group->gr_name);
	else
		snprintf(f->node_group, sizeof(f->node_group), "%u", st.st_gid);
}

/* What cannot be seen in a file: a thread is registered, and goes again. */
static int try_hooks(void)
{
	struct umcg_group *g;
	int error;

	error = umcg_open(&g);
	if (error)
		return error;
	error = umcg_register_server(g, 0);
	if (error > 0)
		error = umcg_unregister(g);
	umcg_close(g);
	return error;
}

static void gather_device(struct facts *f)
{
	int fd = open(UMCG_DEVICE, O_RDWR | O_CLOEXEC);

	f->open_error = fd < 0 ? -errno : 0;
	if (fd < 0)
		return;
	f->query.size = sizeof(f->query);
	f->query_error = ioctl(fd, UMCG_IOC_QUERY, &f->query) < 0 ? -errno : 0;
	close(fd);
	if (f->query_error)
		return;
	f->loaded = true;	/* whatever a container hides of /sys */
	f->hooks_error = try_hooks();
}

void facts_gather(struct facts *f)
{
	memset(f, 0, sizeof(*f));
	gather_kernel(f);
	gather_dkms(f);
	gather_module(f);
	gather_node(f);
	gather_device(f);
}
