// SPDX-License-Identifier: MIT
/*
 * reply.c - the status line and headers of a reply, and replies without a file
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "httpd.h"

static const struct {
	int status;
	const char *text;
} reasons[] = {
	{ 200, "OK" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 416, "Range Not Satisfiable" },
	{ 431, "Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 505, "Version Not Supported" },
};

static const char *reason(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Unknown";
}

static bool send_all(struct conn *c, const char *p, size_t len, int flags)
{
	while (len) {
		ssize_t n = send(c->fd, p, len, flags | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		c->sent += n;
		len -= n;
	}
	return true;
}

/* The status line and headers. MSG_MORE: the body shall share their packet. */
bool reply_header(struct conn *c, const struct request *rq, int status,
		  const char *type, off_t length, const char *extra, bool more)
{
	char text[PATH_SIZE * 3 + 512], date[40];
	time_t t = time(NULL);
	struct tm tm;
	int n;

	strftime(date, sizeof(date), "%a, %d %b %Y %T GMT", gmtime_r(&t, &tm));
	n = snprintf(text, sizeof(text),
		     "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: umcg-httpd\r\n"
		     "Content-Type: %s\r\nContent-Length: %lld\r\n"
		     "Connection: %s\r\n%s\r\n",
		     status, reason(status), date, type, (long long)length,
		     rq->keep_alive ? "keep-alive" : "close", extra);
	return send_all(c, text, n, more ? MSG_MORE : 0);
}

bool reply_status(struct conn *c, const struct request *rq, int status,
		  const char *location)
{
	char body[64], extra[PATH_SIZE * 3 + 64] = "";
	int n = snprintf(body, sizeof(body), "%d %s\n", status, reason(status));

	if (location)
		snprintf(extra, sizeof(extra), "Location: %s\r\n", location);
	else if (status == 405)
		strcpy(extra, "Allow: GET, HEAD\r\n");
	if (status >= 400)
		COUNT(refused, 1);
	return reply_header(c, rq, status, "text/plain", n, extra, !rq->head) &&
	       (rq->head || send_all(c, body, n, 0));
}

/* The same path with a slash, so that relative links in the page work. */
bool reply_moved(struct conn *c, struct request *rq)
{
	char location[PATH_SIZE * 3 + 3] = "/", *out = location + 1;

	for (const unsigned char *p = (void *)rq->path; *p; p++) {
		if (*p > ' ' && *p < 0x7f && !strchr("%?#\"<>", *p))
			*out++ = *p;
		else
			out += sprintf(out, "%%%02X", *p);
	}
	strcpy(out, "/");
	return reply_status(c, rq, 301, location);
}
