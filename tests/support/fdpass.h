/* SPDX-License-Identifier: GPL-2.0-only */
/* fdpass.h - a file, handed through a socket */
#ifndef FDPASS_H
#define FDPASS_H

/* The test fails if it cannot. */
void fd_send(int socket, int fd);

/* -1: none came. */
int fd_receive(int socket);

#endif /* FDPASS_H */
