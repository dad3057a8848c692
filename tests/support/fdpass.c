// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "fdpass.h"
#include "suite.h"

/* One byte of data, and room for one file. */
struct parcel {
	char byte;
	struct iovec data;
	char control[CMSG_SPACE(sizeof(int))];
	struct msghdr header;
};

static struct msghdr *pack(struct parcel *p)
{
	memset(p, 0, sizeof(*p));
	p->data = (struct iovec){ &p->byte, 1 };
	p->header = (struct msghdr){ .msg_iov = &p->data,
				     .msg_iovlen = 1,
				     .msg_control = p->control,
				     .msg_controllen = sizeof(p->control) };
	return &p->header;
}

void fd_send(int socket, int fd)
{
	struct parcel parcel;
	struct msghdr *header = pack(&parcel);
	struct cmsghdr *c = CMSG_FIRSTHDR(header);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	expect_eq(sendmsg(socket, header, 0), 1);
}

int fd_receive(int socket)
{
	struct parcel parcel;
	struct msghdr *header = pack(&parcel);
	int fd = -1;

	if (recvmsg(socket, header, 0) == 1 && CMSG_FIRSTHDR(header))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(header)), sizeof(int));
	return fd;
}
