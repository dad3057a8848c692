// SPDX-License-Identifier: MIT
/*
 * threads.c - a thread per connection, and the one which accepts them
 *
 * Whether these threads are scheduled by the kernel or by our own servers makes a
 * difference of two calls: sched_enter() and sched_leave().
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "httpd.h"

#define STACK_SIZE	(128 * 1024)
#define GRACE_S		2	/* for replies under way when we are told to end */

/* Everything below belongs to the lock. The servers never take it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gone = PTHREAD_COND_INITIALIZER;
static struct conn *conns;	/* those with an open socket */
static unsigned int threads;	/* the acceptor included */
static bool stopping;

int threads_listen(const char *address, int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(port) };
	int fd, one = 1;

	if (inet_pton(AF_INET, address, &sa.sin_addr) != 1)
		return -EINVAL;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Connections inherit it: headers wait for the body by MSG_MORE only. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 1024)) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

static void conn_add(struct conn *c)
{
	pthread_mutex_lock(&lock);
	c->prev = NULL;
	c->next = conns;
	if (conns)
		conns->prev = c;
	conns = c;
	if (stopping)
		shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_unlock(&lock);
}

static void conn_remove(struct conn *c)
{
	pthread_mutex_lock(&lock);
	if (c->prev)
		c->prev->next = c->next;
	else
		conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	pthread_mutex_unlock(&lock);
}

static void thread_gone(void)
{
	pthread_mutex_lock(&lock);
	threads--;
	pthread_cond_broadcast(&gone);
	pthread_mutex_unlock(&lock);
}

/* What the acceptor hands over fits into the thread's argument. */
static void *conn_thread(void *arg)
{
	static uint32_t numbers;
	struct conn c;

	c.fd = (intptr_t)arg;
	c.filled = 0;
	c.sent = 0;
	c.number = __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED);
	if (sched_enter(c.number, &c.slot)) {
		conn_add(&c);
		conn_work(&c);
		conn_remove(&c);
		close(c.fd);
		sched_leave();
	} else {
		COUNT(turned_away, 1);
		close(c.fd);
	}
	thread_gone();
	return NULL;
}

static int start_thread(void *(*run)(void *), intptr_t arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_mutex_lock(&lock);
	threads++;
	pthread_mutex_unlock(&lock);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attr, run, (void *)arg);
	pthread_attr_destroy(&attr);
	if (err)
		thread_gone();
	return -err;
}

static void *accept_thread(void *arg)
{
	int listener = (intptr_t)arg, fd;
	uint32_t slot;

	if (!sched_enter(0, &slot))
		abort(); /* nothing is running yet: there is room */
	for (;;) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			if (start_thread(conn_thread, fd)) {
				COUNT(turned_away, 1);
				close(fd);
			}
		} else if (errno == EINVAL || errno == EBADF) {
			break; /* shut down: threads_stop() */
		} else if (errno != EINTR && errno != ECONNABORTED) {
			usleep(10000); /* out of something; others will return it */
		}
	}
	sched_leave();
	thread_gone();
	return NULL;
}

int threads_start(int listener)
{
	return start_thread(accept_thread, listener);
}

/* True once no thread is left; waits for that for so many seconds. */
static bool wait_gone(int seconds)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	while (threads && !pthread_cond_timedwait(&gone, &lock, &until))
		;
	return !threads;
}

static void shutdown_all(int how)
{
	for (struct conn *c = conns; c; c = c->next)
		shutdown(c->fd, how);
}

/*
 * End everything: no new connections; those waiting for a request read the end
 * of their input; replies under way get a short grace.
 */
void threads_stop(int listener)
{
	pthread_mutex_lock(&lock);
	stopping = true;
	shutdown(listener, SHUT_RDWR);
	shutdown_all(SHUT_RD);
	if (!wait_gone(GRACE_S))
		shutdown_all(SHUT_RDWR);
	while (!wait_gone(1))
		;
	pthread_mutex_unlock(&lock);
	close(listener);
}
