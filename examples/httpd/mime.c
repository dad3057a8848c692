// SPDX-License-Identifier: MIT
/*
 * mime.c - what kind of file it is: by its ending, or by looking
 */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "httpd.h"

/* Of the thread which looks at a file: where to go on should the file shrink. */
static __thread volatile bool looking;
static __thread sigjmp_buf truncated;

static const struct {
	const char *ending, *type;
} types[] = {
	{ "html", "text/html; charset=utf-8" },
	{ "htm", "text/html; charset=utf-8" },
	{ "txt", "text/plain; charset=utf-8" },
	{ "md", "text/plain; charset=utf-8" },
	{ "c", "text/plain; charset=utf-8" },
	{ "h", "text/plain; charset=utf-8" },
	{ "css", "text/css" },
	{ "js", "text/javascript" },
	{ "json", "application/json" },
	{ "svg", "image/svg+xml" },
	{ "png", "image/png" },
	{ "jpg", "image/jpeg" },
	{ "gif", "image/gif" },
	{ "pdf", "application/pdf" },
	{ "gz", "application/gzip" },
};

/* A file that shrinks while we look at its mapping: the look is abandoned. */
static void on_sigbus(int sig)
{
	if (looking)
		siglongjmp(truncated, 1);
	signal(sig, SIG_DFL);
}

void mime_init(void)
{
	struct sigaction sa = { .sa_handler = on_sigbus };

	sigaction(SIGBUS, &sa, NULL);
}

static bool looks_like_text(const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] < 0x20 && !memchr("\t\n\r\f\033", p[i], 5))
			return false;
	return true;
}

/*
 * No ending tells the type: look whether it is text. The bytes are read through
 * a mapping, so for a file not yet in memory this is a page fault: no system
 * call, and still the thread's server runs somebody else until the disk answers.
 */
static const char *sniff(int fd, off_t size)
{
	size_t len = size < 512 ? size : 512;
	volatile bool text = true;
	void *p;

	p = len ? mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (p == MAP_FAILED)
		return "text/plain; charset=utf-8";
	if (!sigsetjmp(truncated, 1)) {
		looking = true;
		text = looks_like_text(p, len);
	}
	looking = false;
	munmap(p, len);
	return text ? "text/plain; charset=utf-8" : "application/octet-stream";
}

const char *mime_type(const char *path, int fd, off_t size)
{
	const char *name = strrchr(path, '/'), *dot;

	dot = strrchr(name ? name : path, '.');
	for (size_t i = 0; dot && i < ARRAY_SIZE(types); i++)
		if (!strcasecmp(dot + 1, types[i].ending))
			return types[i].type;
	return sniff(fd, size);
}
