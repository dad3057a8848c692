// SPDX-License-Identifier: MIT
/* JSON, written as it comes. */
#include "tool.h"

/* What is not ASCII becomes U+FFFD: names of programs are bytes, JSON is text. */
static void put_string(FILE *out, const char *s)
{
	unsigned char c;

	putc('"', out);
	while ((c = (unsigned char)*s++)) {
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c >= 0x80)
			fputs("\\ufffd", out);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void begin(struct json *j, const char *key)
{
	if (j->behind)
		fputs(", ", j->out);
	j->behind = true;
	if (key) {
		put_string(j->out, key);
		fputs(": ", j->out);
	}
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	putc(bracket, j->out);
	j->behind = false;
}

void json_close(struct json *j, char bracket)
{
	putc(bracket, j->out);
	j->behind = true;
}

void json_text(struct json *j, const char *key, const char *value)
{
	begin(j, key);
	put_string(j->out, value);
}

void json_number(struct json *j, const char *key, long long value)
{
	begin(j, key);
	fprintf(j->out, "%lld", value);
}

void json_flag(struct json *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_finish(struct json *j)
{
	putc('\n', j->out);
}
