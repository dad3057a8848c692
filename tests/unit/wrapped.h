/* SPDX-License-Identifier: GPL-2.0-only */
/* What the linker makes of --wrap: calls of open() reach __wrap_open(). */
#ifndef UMCG_TEST_WRAPPED_H
#define UMCG_TEST_WRAPPED_H

#include <sys/types.h>

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
off_t __wrap_lseek64(int fd, off_t offset, int whence);
int __real_close(int fd);
int __wrap_close(int fd);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
int __real_munmap(void *addr, size_t len);
int __wrap_munmap(void *addr, size_t len);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);

#endif /* UMCG_TEST_WRAPPED_H */
