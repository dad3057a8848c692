// SPDX-License-Identifier: MIT
/* umcg load: as modprobe does it, and with its errors in words */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static const char *refusal(int error)
{
	switch (-error) {
	case ENOKEY:
	case EKEYREJECTED:
	case EBADMSG:
		return "the kernel does not trust who signed it (umcg(7), Secure Boot)";
	case ENOEXEC:
		return "it was built for another kernel; have DKMS build it again";
	case ENOENT:
	case EOPNOTSUPP:
		return "it does not fit this kernel; the kernel log says why";
	default:
		return NULL;
	}
}

static void explain(int error, const struct facts *f)
{
	static struct cause causes[CAUSES_MAX];
	const char *words = refusal(error);

	if (error == -EPERM && geteuid() != 0) {
		fputs("umcg: loading a module needs root\n", stderr);
		return;
	}
	if (f->file[0] && error != -EPERM) {
		fprintf(stderr, "umcg: %s cannot be loaded: %s%s%s\n", f->file,
			words ? words : strerror(-error),
			words ? " - " : "", words ? strerror(-error) : "");
		return;
	}
	if (causes_find(f, causes))
		fprintf(stderr, "umcg: %s. Remedy: %s\n", causes[0].text, causes[0].remedy);
	else
		fprintf(stderr, "umcg: %s\n", strerror(-error));
}

int command_load(bool json)
{
	static struct facts f;
	int error;

	(void)json;
	facts_gather(&f);
	if (f.loaded) {
		printf("umcg %s is loaded already\n", f.loaded_version);
		return EXIT_SUCCESS;
	}
	error = kmod_load();
	if (error) {
		explain(error, &f);
		return EXIT_FAILURE;
	}
	read_line("/sys/module/umcg/version", f.loaded_version, sizeof(f.loaded_version));
	printf("umcg %s is loaded\n", f.loaded_version);
	return EXIT_SUCCESS;
}
