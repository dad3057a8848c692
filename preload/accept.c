// SPDX-License-Identifier: MIT
/*
 * Priorities go by the port that a connection came in by, too. Who accepts it makes the
 * thread that serves it, next as a rule: so that thread has them from its beginning.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "internal.h"

struct accepted {
	bool there;
	int priority;
};

static __thread struct accepted accepted __attribute__((tls_model("initial-exec")));

/* 0: of another family */
static unsigned int port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address;
	socklen_t size = sizeof(address);

	if (getsockname(fd, &address.any, &size))
		return 0;
	switch (address.any.sa_family) {
	case AF_INET:
		return ntohs(address.in.sin_port);
	case AF_INET6:
		return ntohs(address.in6.sin6_port);
	}
	return 0;
}

static int note(int fd)
{
	int saved = errno;
	char name[16];

	if (fd >= 0 && run_options()->priorities) {
		snprintf(name, sizeof(name), ":%u", port_of(fd));
		accepted.there = run_priority(name, &accepted.priority);
		errno = saved;
	}
	return fd;
}

bool accept_priority(int *priority)
{
	bool there = accepted.there;

	accepted.there = false;
	if (there)
		*priority = accepted.priority;
	return there;
}

UMCG_PUBLIC int accept(int fd, struct sockaddr *address, socklen_t *size)
{
	return note(REAL(accept)(fd, address, size));
}

UMCG_PUBLIC int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	return note(REAL(accept4)(fd, address, size, flags));
}
