/* SPDX-License-Identifier: GPL-2.0-only */
/* libc_malloc.h - what is behind glibc's malloc() and the like, for who wraps them */
#ifndef LIBC_MALLOC_H
#define LIBC_MALLOC_H

#include <stddef.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

#endif /* LIBC_MALLOC_H */
