// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "suite.h"
#include "uffd.h"

void uffd_open(struct uffd *u, size_t pages)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	u->page = sysconf(_SC_PAGESIZE);
	u->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (u->fd < 0) {
		u->fd = -errno;
		return;
	}
	expect_sys(ioctl(u->fd, UFFDIO_API, &api));
	u->memory = mmap(NULL, pages * u->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect(u->memory != MAP_FAILED);
	reg.range.start = (unsigned long)u->memory;
	reg.range.len = pages * u->page;
	expect_sys(ioctl(u->fd, UFFDIO_REGISTER, &reg));
}

void uffd_serve(struct uffd *u, size_t index, char byte)
{
	char page[u->page];
	struct uffdio_copy copy = {
		.dst = (unsigned long)u->memory + index * u->page,
		.src = (unsigned long)page,
		.len = u->page,
	};

	memset(page, 0, u->page);
	page[0] = byte;
	expect_sys(ioctl(u->fd, UFFDIO_COPY, &copy));
}

void uffd_serve_zero(struct uffd *u, size_t index)
{
	struct uffdio_zeropage zero = {
		.range.start = (unsigned long)u->memory + index * u->page,
		.range.len = u->page,
	};
	int result;

	/* EAGAIN: the memory map is changing just now */
	do {
		result = ioctl(u->fd, UFFDIO_ZEROPAGE, &zero);
	} while (result < 0 && errno == EAGAIN);
	expect(!result || errno == EEXIST);
}
