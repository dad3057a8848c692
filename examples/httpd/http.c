// SPDX-License-Identifier: MIT
/*
 * http.c - understanding a request
 *
 * Works on the text of one request in place. Strict where leniency is dangerous
 * (paths, lengths), lenient where it is not (bare line feeds, unknown headers).
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "httpd.h"

/* The length of the request's lines with the empty one; 0 if not all is here. */
size_t http_header_end(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (text[i] != '\n')
			continue;
		if (text[i + 1] == '\n')
			return i + 2;
		if (i + 2 < len && text[i + 1] == '\r' && text[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode %XX in place and cut off the query. False: not a path. */
static bool decode(char *s)
{
	char *out = s;

	while (*s && *s != '?' && *s != '#') {
		unsigned char c = *s++;

		if (c == '%') {
			int hi = hex(s[0]), lo = hi < 0 ? -1 : hex(s[1]);

			if (lo < 0)
				return false;
			c = hi << 4 | lo;
			s += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return false;
		*out++ = c;
	}
	*out = '\0';
	return true;
}

/*
 * Copy the path's segments without empty ones and ".". ".." is refused even
 * where it would stay below the root: no honest client sends it. The kernel
 * checks once more when the file is opened (RESOLVE_BENEATH).
 */
static int parse_path(char *target, struct request *rq)
{
	size_t len = 0;
	char *save = NULL, *segment;

	if (!strncasecmp(target, "http://", 7)) {
		target = strchr(target + 7, '/');
		if (!target)
			target = "/";
	}
	if (*target != '/' || (target[1] && !decode(target)))
		return 400;

	rq->slash = target[strlen(target) - 1] == '/';
	for (segment = strtok_r(target, "/", &save); segment;
	     segment = strtok_r(NULL, "/", &save)) {
		size_t n = strlen(segment);

		if (!strcmp(segment, "."))
			continue;
		if (!strcmp(segment, ".."))
			return 400;
		if (len + n + 2 > sizeof(rq->path))
			return 414;
		if (len)
			rq->path[len++] = '/';
		memcpy(rq->path + len, segment, n);
		len += n;
	}
	rq->path[len] = '\0';
	return 0;
}

/* GET /path HTTP/1.1 */
static int parse_request_line(char *line, struct request *rq)
{
	char *target, *version, *save = NULL;
	char *method = strtok_r(line, " ", &save);

	target = strtok_r(NULL, " ", &save);
	version = strtok_r(NULL, " ", &save);
	if (!version || strtok_r(NULL, " ", &save))
		return 400;
	if (strncmp(version, "HTTP/", 5))
		return 400;
	if (!strcmp(version, "HTTP/1.0"))
		rq->http10 = true;
	else if (strcmp(version, "HTTP/1.1"))
		return 505;
	rq->keep_alive = !rq->http10;

	if (!strcmp(method, "HEAD"))
		rq->head = true;
	else if (strcmp(method, "GET"))
		return 405;
	return parse_path(target, rq);
}

static bool parse_offset(const char *s, char **end, off_t *value)
{
	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*value = strtoll(s, end, 10);
	return !errno;
}

/* Anything but one plain range of bytes is ignored, as the standard allows. */
static void parse_range(const char *s, struct request *rq)
{
	off_t from = -1, to = -1;
	char *end = (char *)s + 6;

	if (strncasecmp(s, "bytes=", 6))
		return;
	if (*end != '-' && !parse_offset(end, &end, &from))
		return;
	if (*end++ != '-')
		return;
	if (*end && !parse_offset(end, &end, &to))
		return;
	if (*end || (from < 0 && to < 0) || (from >= 0 && to >= 0 && to < from))
		return;
	rq->ranged = true;
	rq->from = from;
	rq->to = to;
}

static int parse_header(char *line, struct request *rq, bool *host)
{
	char *value = strchr(line, ':'), *end;

	if (!value || value == line || isspace((unsigned char)*line))
		return 400;
	*value++ = '\0';
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';

	if (!strcasecmp(line, "Host")) {
		*host = true;
	} else if (!strcasecmp(line, "Connection")) {
		if (strcasestr(value, "close"))
			rq->keep_alive = false;
		else if (strcasestr(value, "keep-alive"))
			rq->keep_alive = true;
	} else if (!strcasecmp(line, "Range")) {
		parse_range(value, rq);
	} else if (!strcasecmp(line, "Transfer-Encoding") ||
		   (!strcasecmp(line, "Content-Length") && strcmp(value, "0"))) {
		return 413; /* we read no bodies, so cannot find what follows */
	}
	return 0;
}

int http_parse(char *text, size_t len, struct request *rq)
{
	char *save = NULL, *line;
	bool host = false;
	int status;

	/* Only the fields, not the path: most of it is never looked at. */
	memset(rq, 0, offsetof(struct request, path) + 1);
	if (!http_header_end(text, len))
		return 431;
	text[len - 1] = '\0';
	line = strlen(text) == len - 1 ? strtok_r(text, "\r\n", &save) : NULL;
	if (!line)
		return 400;
	status = parse_request_line(line, rq);
	while (!status && (line = strtok_r(NULL, "\r\n", &save)))
		status = parse_header(line, rq, &host);
	if (!status && !host && !rq->http10)
		status = 400;
	if (status) /* where the next request begins is not certain */
		rq->keep_alive = false;
	return status;
}
