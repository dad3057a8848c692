// SPDX-License-Identifier: GPL-2.0-only
/* Each function takes one thing off the front, or returns NULL. */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "json.h"

static const char *value(const char *s);

static const char *blanks(const char *s)
{
	return s ? s + strspn(s, " \t\r\n") : NULL;
}

static const char *word(const char *s, const char *w)
{
	return s && strncmp(s, w, strlen(w)) == 0 ? s + strlen(w) : NULL;
}

static const char *escape(const char *s)
{
	int i;

	if (*s != 'u')
		return *s && strchr("\"\\/bfnrt", *s) ? s + 1 : NULL;
	for (i = 1; i <= 4; i++)
		if (!isxdigit((unsigned char)s[i]))
			return NULL;
	return s + 5;
}

static const char *string(const char *s)
{
	s = word(s, "\"");
	while (s && *s != '"') {
		if ((unsigned char)*s < 0x20)	/* the end of the text, too */
			return NULL;
		s = *s == '\\' ? escape(s + 1) : s + 1;
	}
	return s ? s + 1 : NULL;
}

static const char *digits(const char *s)
{
	size_t n = s ? strspn(s, "0123456789") : 0;

	return n ? s + n : NULL;
}

static const char *number(const char *s)
{
	if (*s == '-')
		s++;
	s = *s == '0' ? s + 1 : digits(s);
	if (s && *s == '.')
		s = digits(s + 1);
	if (s && (*s == 'e' || *s == 'E')) {
		s++;
		s = digits(*s == '+' || *s == '-' ? s + 1 : s);
	}
	return s;
}

static const char *member(const char *s)
{
	s = word(blanks(string(blanks(s))), ":");
	return s ? value(s) : NULL;
}

static const char *list(const char *s, const char *end, const char *(*one)(const char *))
{
	const char *empty = word(blanks(s), end);

	if (empty)
		return empty;
	for (;;) {
		s = blanks(one(s));
		if (!s || *s != ',')
			return word(s, end);
		s++;
	}
}

static const char *value(const char *s)
{
	s = blanks(s);
	switch (*s) {
	case '{':
		return list(s + 1, "}", member);
	case '[':
		return list(s + 1, "]", value);
	case '"':
		return string(s);
	case 't':
		return word(s, "true");
	case 'f':
		return word(s, "false");
	case 'n':
		return word(s, "null");
	default:
		return number(s);
	}
}

bool json_valid(const char *text)
{
	const char *end = blanks(value(text));

	return end && !*end;
}
