/* SPDX-License-Identifier: GPL-2.0-only */
/* yielder.h - something to watch: a server, and a worker that yields */
#ifndef YIELDER_H
#define YIELDER_H

/*
 * The calling thread is the server, of a new group; the worker yields so many times, 0:
 * for ever. When it is there, a file @started is made. Return: 0, for main().
 */
int yield_as_server(int times, const char *started);

#endif /* YIELDER_H */
