/* SPDX-License-Identifier: GPL-2.0-only */
/* json.h - is it JSON? */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>

/* Is all of @text one value of RFC 8259, with blanks around it? */
bool json_valid(const char *text);

#endif /* JSON_H */
