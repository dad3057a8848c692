/* SPDX-License-Identifier: GPL-2.0-only */
/* uffd.h - memory whose pages come when the test wants them to */
#ifndef UFFD_H
#define UFFD_H

#include <stddef.h>

/**
 * struct uffd - pages that are missing until uffd_serve()
 * @fd: the userfaultfd; negative: there is none here, -errno
 * @memory: the pages
 */
struct uffd {
	int fd;
	char *memory;
	size_t page;
};

void uffd_open(struct uffd *u, size_t pages);

/* Put @byte into the first byte of that page, and wake who waits for it. */
void uffd_serve(struct uffd *u, size_t index, char byte);

/* The same with zeroes; it is no error if the page is there. */
void uffd_serve_zero(struct uffd *u, size_t index);

#endif /* UFFD_H */
