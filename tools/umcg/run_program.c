// SPDX-License-Identifier: MIT
/* Can a library be loaded into that program? What ld.so would not say. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "run.h"

#define SCRIPTS_MAX	5	/* scripts that are run by scripts, as the kernel has it */

static int try(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EACCES;
	return access(path, X_OK) ? -errno : 0;
}

/* One that cannot be run is told of only if there is none that can. */
static int search(const char *name, const char *dirs, char *path, size_t size)
{
	const char *end;
	int error, worst = -ENOENT;

	for (;; dirs = end + 1) {
		end = strchrnul(dirs, ':');
		snprintf(path, size, "%.*s%s%s", (int)(end - dirs), dirs,
			 end == dirs ? "" : "/", name);
		error = try(path);
		if (!error)
			return 0;
		if (error == -EACCES)
			worst = error;
		if (!*end)
			return worst;
	}
}

int program_find(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");

	if (!*name)
		return -ENOENT;
	if (!strchr(name, '/'))
		return search(name, dirs ? dirs : "/bin:/usr/bin", path, size);
	if (snprintf(path, size, "%s", name) >= (int)size)
		return -ENAMETOOLONG;
	return try(path);
}

/* --- rights -------------------------------------------------------------------------- */

/* ld.so loads no library from anywhere into who gets rights by exec. */
static bool gets_rights(const char *path, char *why, size_t size)
{
	const char *how = NULL;
	struct stat st;

	if (stat(path, &st))
		return false;
	if ((st.st_mode & S_ISUID) && st.st_uid != getuid())
		how = "setuid";
	else if ((st.st_mode & 02010) == 02010 &&
		 st.st_gid != getgid())
		how = "setgid";
	else if (getuid() && getxattr(path, "security.capability", NULL, 0) > 0)
		how = "given capabilities by its file";
	if (how)
		snprintf(why, size, "is %s: no library can be loaded into it", how);
	return how;
}

/* --- ELF ------------------------------------------------------------------------------ */

static bool has_interpreter(int fd, const Elf64_Ehdr *e)
{
	Elf64_Phdr p;
	int i;

	for (i = 0; i < e->e_phnum; i++) {
		if (pread(fd, &p, sizeof(p), (off_t)(e->e_phoff + i * sizeof(p))) !=
		    sizeof(p))
			return false;
		if (p.p_type == PT_INTERP)
			return true;
	}
	return false;
}

static bool elf_is_fit(int fd, const Elf64_Ehdr *e, char *why, size_t size)
{
	const char *what = NULL;

	if (e->e_ident[EI_CLASS] == ELFCLASS32)
		what = "is a program of 32 bits: the library has 64";
	else if (e->e_machine != EM_X86_64)
		what = "is a program for another machine";
	else if (!has_interpreter(fd, e))
		what = "is linked statically: no library can be loaded into it";
	if (what)
		snprintf(why, size, "%s", what);
	return !what;
}

/* --- scripts -------------------------------------------------------------------------- */

/* What stands behind #!, up to its argument. */
static bool script_interpreter(char *line, char *path, size_t size)
{
	char *end, *at = line + 2;

	at += strspn(at, " \t");
	end = at + strcspn(at, " \t\n");
	*end = '\0';
	return *at && snprintf(path, size, "%s", at) < (int)size;
}

bool program_is_fit(const char *path, char *why, size_t size)
{
	union {
		Elf64_Ehdr elf;
		char text[256];
	} head;
	char script[PATH_MAX];
	ssize_t n = -1;
	bool fit = true;
	int fd, depth;

	snprintf(script, sizeof(script), "%s", path);
	for (depth = 0; depth < SCRIPTS_MAX; depth++) {
		if (gets_rights(script, why, size))
			return false;
		memset(&head, 0, sizeof(head));
		fd = open(script, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			n = read(fd, &head, sizeof(head) - 1);
		if (n >= (ssize_t)sizeof(head.elf) && !memcmp(head.text, ELFMAG, SELFMAG))
			fit = elf_is_fit(fd, &head.elf, why, size);
		if (fd >= 0)
			close(fd);
		if (n < 2 || memcmp(head.text, "#!", 2) ||
		    !script_interpreter(head.text, script, sizeof(script)))
			break;
	}
	return fit;
}
