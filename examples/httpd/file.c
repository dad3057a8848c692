// SPDX-License-Identifier: MIT
/*
 * file.c - answering a request with a file, in plain blocking code
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "httpd.h"

#define PIECE	(64 * 1024)

static int root_fd;

int file_init(const char *root)
{
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? -errno : 0;
}

/* Below the root whatever links there are; the kernel sees to that. */
static int open_below(const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	do {
		fd = syscall(SYS_openat2, root_fd, *path ? path : ".", &how,
			     sizeof(how));
	} while (fd < 0 && errno == EAGAIN); /* a rename meanwhile: ask again */
	return fd;
}

static int status_of_errno(void)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return 404;
	case EACCES:
	case EPERM:
	case EXDEV:
	case ELOOP:
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	default:
		return 500;
	}
}

/* What of the file to send: all, or the range asked for. */
static int choose(const struct request *rq, off_t size, off_t *from, off_t *len)
{
	*from = 0;
	*len = size;
	if (!rq->ranged)
		return 200;
	if (rq->from < 0) {
		*from = rq->to < size ? size - rq->to : 0;
	} else {
		*from = rq->from;
		if (rq->to >= 0 && rq->to < size - 1)
			*len = rq->to + 1;
	}
	*len -= *from;
	return *len > 0 ? 206 : 416;
}

/*
 * A piece at a time. A thread that wakes within a system call goes on with that
 * call before it is held, so one call for a large file would be a long time in
 * which the thread runs and nobody schedules it.
 */
static bool send_body(struct conn *c, int fd, off_t from, off_t len)
{
	while (len) {
		ssize_t n = sendfile(c->fd, fd, &from, len < PIECE ? len : PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) /* the client is gone, or the file has shrunk */
			return false;
		len -= n;
		c->sent += n;
	}
	return true;
}

static bool send_file(struct conn *c, struct request *rq, int fd,
		      const struct stat *st)
{
	char extra[128] = "Accept-Ranges: bytes\r\n";
	off_t from, len;
	int status = choose(rq, st->st_size, &from, &len);

	if (status == 416) {
		rq->ranged = false;
		return reply_status(c, rq, status, NULL);
	}
	if (status == 206)
		snprintf(extra, sizeof(extra),
			 "Content-Range: bytes %lld-%lld/%lld\r\n",
			 (long long)from, (long long)(from + len - 1),
			 (long long)st->st_size);
	if (!reply_header(c, rq, status, mime_type(rq->path, fd, st->st_size), len,
			  extra, len && !rq->head))
		return false;
	return rq->head || send_body(c, fd, from, len);
}

/* Open the file, or the index of a directory. On error -1 and @status. */
static int open_file(struct request *rq, struct stat *st, int *status)
{
	int fd = open_below(rq->path);

	if (fd < 0 || fstat(fd, st)) {
		*status = status_of_errno();
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (S_ISDIR(st->st_mode)) {
		close(fd);
		*status = 301;
		if (!rq->slash && *rq->path)
			return -1;
		*status = 403; /* a directory which does not want to be listed */
		if (strlen(rq->path) + sizeof("/index.html") > PATH_SIZE)
			return -1;
		strcat(rq->path, *rq->path ? "/index.html" : "index.html");
		fd = open_below(rq->path);
		if (fd < 0 || fstat(fd, st))
			return -1;
	} else if (rq->slash) {
		st->st_mode = 0;
	}
	if (S_ISREG(st->st_mode))
		return fd;
	close(fd);
	*status = 404;
	return -1;
}

bool file_reply(struct conn *c, struct request *rq)
{
	struct stat st;
	int status, fd = open_file(rq, &st, &status);
	bool sent;

	if (fd < 0)
		return status == 301 ? reply_moved(c, rq) :
				       reply_status(c, rq, status, NULL);
	sent = send_file(c, rq, fd, &st);
	close(fd);
	return sent;
}
