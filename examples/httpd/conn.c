// SPDX-License-Identifier: MIT
/*
 * conn.c - one connection, in plain blocking code
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "httpd.h"

#define PATIENCE_S	30	/* with a client that says, or takes, nothing */
#define UNSENT_MAX	32768	/* kernel memory a slow reader may occupy */

/* Read until a whole request is there. Its length, or 0: the client is done. */
static size_t read_request(struct conn *c)
{
	for (;;) {
		size_t len = http_header_end(c->input, c->filled);
		ssize_t n;

		if (len || c->filled == sizeof(c->input))
			return len ? len : c->filled; /* or too long: 431 */
		n = read(c->fd, c->input + c->filled,
			 sizeof(c->input) - c->filled);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		c->filled += n;
	}
}

/* One request. False: it was the last of this connection. */
static bool serve(struct conn *c)
{
	uint64_t before = c->sent;
	struct request rq;
	bool sent;
	size_t len;
	int status;

	timeline_request_begin(c);
	len = read_request(c);
	if (!len)
		return false;
	status = http_parse(c->input, len, &rq);
	c->filled -= len; /* what is left belongs to the next request */
	memmove(c->input, c->input + len, c->filled);

	COUNT(requests, 1);
	sent = status ? reply_status(c, &rq, status, NULL) : file_reply(c, &rq);
	COUNT(bytes, c->sent - before);
	if (sent) {
		COUNT(answered, 1);
		timeline_request_end(c, rq.path, c->sent - before);
	} else {
		COUNT(broken, 1);
	}
	return sent && rq.keep_alive;
}

/*
 * Closing a socket with unread input resets the connection, and the client may
 * lose the end of our reply: say that we are done, let it finish, then close.
 */
static void finish(struct conn *c)
{
	if (shutdown(c->fd, SHUT_WR))
		return;
	for (int i = 0; i < 16; i++)
		if (read(c->fd, c->input, sizeof(c->input)) <= 0)
			break;
}

void conn_work(struct conn *c)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int unsent = UNSENT_MAX;

	COUNT(connections, 1);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &unsent, sizeof(unsent));
	while (serve(c))
		;
	finish(c);
}
