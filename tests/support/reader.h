/* SPDX-License-Identifier: GPL-2.0-only */
/* reader.h - a worker that blocks in read(), and comes back when it is written to */
#ifndef READER_H
#define READER_H

#include "crew.h"

/* Its step is the number of bytes it has read; the last is 'q', and it exits. */
struct reader {
	struct worker worker;
	int ends[2];
};

/* With a home at @s, run by it until it blocks for the first time. */
void reader_start(struct reader *r, struct server *s);

void reader_write(struct reader *r, char byte);

/* Let it read its last byte, and run it out. It is blocked now. */
void reader_finish(struct reader *r, struct server *s);

#endif /* READER_H */
