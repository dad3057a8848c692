/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * crew.h - a test that is its own server
 *
 * Most tests drive every step themselves: the thread of the test registers as a
 * server, starts workers and switches to them one at a time, so that what
 * happens between two steps is known. fifo.h is for crowds.
 */
#ifndef CREW_H
#define CREW_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>
#include <umcg.h>

struct server {
	struct umcg_group *group;
	struct umcg_task *self;
	__u32 slot;
	pid_t tid;
	struct umcg_list list; /* taken, not popped */
};

/**
 * struct worker - a thread that is a worker
 * @run:	what it does, as a worker
 * @arg:	for @run
 * @args:	how it registers; worker_start() fills in what was left 0
 * @dies:	it exits without unregistering. What a thread does in the kernel then
 *		may block, and end it there: the list tells of that, not its server
 * @step:	how far it has come: written by @run, read by the test
 * @result:	what @run has returned
 *
 * It lives in memory that outlasts the thread; the slot's user word points here.
 */
struct worker {
	long (*run)(struct worker *w);
	void *arg;
	bool dies;
	struct umcg_group *group;
	struct umcg_register args;
	pthread_t thread;
	pid_t tid;
	unsigned int step;
	long result;
};

/* Make the caller a server of @g. */
void server_start(struct server *s, struct umcg_group *g);

/* The same with all that REGISTER takes; the slot is written into it. */
void server_start_with(struct server *s, struct umcg_group *g,
		       struct umcg_register *args);

/* The same in these modes, UMCG_REG_*, and with that slice. */
void server_start_as(struct server *s, struct umcg_group *g, __u32 modes,
		     __u64 slice_ns);

/* Start a thread that becomes a worker; it need not be one yet on return. */
void worker_start(struct worker *w, struct umcg_group *g, __u32 home);

/* The same for one with a home at @s, which is then seen to be queued there. */
void worker_hire(struct server *s, struct worker *w);

/* It has registered, and nobody has run it yet. */
bool worker_is_there(const struct worker *w);

struct umcg_task *worker_slot(const struct worker *w);
/* without what it blocks in, or blocked in last */
__u32 worker_state(const struct worker *w);
__u32 worker_blocked_in(const struct worker *w);

/* The steps are set and read in an order that everybody agrees about. */
void step_set(struct worker *w, unsigned int step);
unsigned int step_get(const struct worker *w);

/* The newest on a server's list, or on slot 0's the group's, or UMCG_LIST_END. */
__u32 list_newest(const struct umcg_task *t);

/* The next that is queued, from the server's list or the group's; NULL: none. */
struct worker *server_poll(struct server *s, __u32 *events);

/* The same; idles until there is one. */
struct worker *server_next(struct server *s, __u32 *events);

/* The next must be @w, with just these events. Ends in worker @w being free. */
void server_expect(struct server *s, struct worker *w, __u32 events);

/* Nobody must be queued. */
void server_expect_none(struct server *s);

/*
 * Run @w until it stops. Whatever else returns from WAIT, returns to it.
 * Return: why it stopped, UMCG_CUR_*.
 */
__u32 server_run(struct server *s, struct worker *w);

/* Wait for @w, which runs, to stop; the second half of server_run(). */
__u32 server_wait(struct server *s, struct worker *w);

/* WAIT for it, until a time: 0, or -errno, with nothing taken for granted. */
int server_switch(struct server *s, struct worker *w, __u64 timeout);

/*
 * Run @w, if it can be: false if it runs elsewhere, is on a list, or is gone. Comes
 * back when the turn is over, which may have gone from hand to hand.
 */
bool server_try(struct server *s, struct worker *w);

/*
 * Run @w, and whoever it gives its turn to, until the server has that back.
 * Return: who stopped then, and why: cur.
 */
__u32 server_run_on(struct server *s, struct worker *w);

/* Switch to @w, which does not stop, and come back while it runs. */
void server_leave_running(struct server *s, struct worker *w);

/* Run @w until it is gone, and its thread too. Blocking is not expected. */
void server_finish(struct server *s, struct worker *w);

/*
 * Run @w until it is gone, and its thread too, through whatever it stops for. It
 * may be stopped on its way out, and is then seen to be gone on a list.
 */
void server_run_out(struct server *s, struct worker *w);

/* For worker::run: steps for ever, until the int at @arg is set. */
long worker_spin(struct worker *w);

/* Park the calling worker until it is switched to again, or the group has ended. */
void worker_park(struct worker *w);

#endif /* CREW_H */
