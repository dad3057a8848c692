/* SPDX-License-Identifier: MIT */
/*
 * httpd.h - a small HTTP/1.1 file server, a thread per connection
 *
 *	main.c		options, and the end
 *	threads.c	accepting connections, starting and ending their threads
 *	conn.c		one connection
 *	http.c		understanding a request
 *	file.c, mime.c	answering it with a file
 *	reply.c		answering it otherwise
 *
 * Up to here nothing but plain blocking code: it runs unchanged on threads that
 * the kernel schedules, or on
 *
 *	sched.c, server.c  our own scheduler, on UMCG: first come, first served
 *	queue.c		   what it runs next
 *
 *	stats.c		what is counted, and the report
 *	timeline.c	what the servers saw, and one request told in their words
 */
#ifndef HTTPD_H
#define HTTPD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define SERVERS_MAX	64
#define PATH_SIZE	1024
#define INPUT_SIZE	8192	/* a request's lines; more is answered with 431 */
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct request {
	bool head;		/* HEAD, not GET */
	bool keep_alive;
	bool http10;
	bool slash;		/* the path ended in one: a directory is meant */
	bool ranged;		/* one Range of bytes: from..to, both included; */
	off_t from, to;		/* from < 0: the last @to bytes; to < 0: no end */
	char path[PATH_SIZE];	/* decoded, relative to the root, "" for it */
};

struct conn {
	int fd;
	uint32_t number;	/* of the connection; its thread's name to people */
	uint32_t slot;		/* of its thread; 0 without UMCG */
	struct conn *next, *prev;
	uint64_t sent;		/* bytes, headers too */
	uint64_t begin;		/* ns; of the request it is at */
	size_t filled;		/* bytes of input[] */
	char input[INPUT_SIZE];
};

/* What is counted of requests, by the threads that answer them. */
struct totals {
	unsigned long connections, turned_away;
	unsigned long requests, answered, broken, refused;
	unsigned long long bytes;
};

extern struct totals totals;
#define COUNT(what, n) __atomic_fetch_add(&totals.what, (n), __ATOMIC_RELAXED)

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* threads.c: a descriptor or -errno; 0 or -errno */
int threads_listen(const char *address, int port);
int threads_start(int listener);
void threads_stop(int listener);

/* conn.c */
void conn_work(struct conn *c);

/* http.c: 0, or the status to refuse the request with */
int http_parse(char *text, size_t len, struct request *rq);
size_t http_header_end(const char *text, size_t len);

/* file.c, reply.c: whether the reply was sent, whatever it said */
int file_init(const char *root);
bool file_reply(struct conn *c, struct request *rq);
bool reply_header(struct conn *c, const struct request *rq, int status,
		  const char *type, off_t length, const char *extra, bool more);
bool reply_status(struct conn *c, const struct request *rq, int status,
		  const char *location);
bool reply_moved(struct conn *c, struct request *rq);

/* mime.c */
void mime_init(void);
const char *mime_type(const char *path, int fd, off_t size);

/*
 * sched.c. With --plain nothing is started and the worker calls do nothing:
 * the threads are then scheduled by the kernel alone.
 */
int sched_start(int servers);
void sched_stop(void);
bool sched_enter(uint32_t number, uint32_t *slot);
void sched_leave(void);
struct server_stats;
int sched_stats(const struct server_stats **stats);

/* queue.c */
void queue_push(uint32_t slot);
uint32_t queue_pop(void);
uint32_t queue_length(void);

/* stats.c */

/* What a worker blocked in: the number of a system call, or one of these. */
#define CALL_FAULT	(-1)	/* a page fault in user mode */
#define CALL_UNKNOWN	(-2)	/* it was back before the server looked */

struct server_stats {
	uint64_t started, ended;	/* ns */
	uint64_t busy;			/* ns while a worker ran */
	unsigned long switches;		/* workers started */
	unsigned long blocks;		/* told that its worker blocked */
	unsigned long wakes;		/* workers taken from lists */
	unsigned long idles;		/* waits with nothing to run */
	unsigned long missed;		/* picks refused: not runnable (yet) */
	unsigned long by_call[512];	/* blocks by system call, */
	unsigned long faults, unknown;	/* page fault, or too late to tell */
};

void stats_begin(void);
void stats_block(struct server_stats *stats, int call);
void stats_report(void);
const char *stats_call_name(int call);

/* timeline.c */
enum event_kind {
	EV_RUN,		/* a worker was started */
	EV_BLOCK,	/* it blocked */
	EV_STOP,	/* it stopped otherwise */
	EV_EXIT,	/* it is gone */
	EV_TAKE,	/* a worker that woke was taken from a list */
	EV_IDLE,	/* nobody to run */
};

void timeline_add(int server, uint64_t ts, enum event_kind kind, uint32_t slot,
		  uint32_t worker, int call);
void timeline_request_begin(struct conn *c);
void timeline_request_end(struct conn *c, const char *path, off_t bytes);
void timeline_report(void);

#endif /* HTTPD_H */
