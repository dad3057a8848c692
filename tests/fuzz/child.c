// SPDX-License-Identifier: GPL-2.0-only
/*
 * One process of a generation. Its first thread is never registered: it pokes at
 * the others, so that none sleeps for good, and puts new ones where some have
 * left. Half of the processes are nobody's.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "fuzz.h"
#include "nobody.h"

static __thread struct fuzz_thread *self;

/* A handler may do whatever its thread may, also WAIT. */
static void handler(int number)
{
	if (!self || fuzz_below(&self->random, 2))
		return;
	if (number == SIGUSR1)
		fuzz_wait(self);
	else
		fuzz_poke(self);
}

static void *thread_main(void *arg)
{
	struct fuzz_thread *t = arg;
	pid_t *tid = &t->child->shared->tids[t->child->index][t->index];

	self = t;
	__atomic_store_n(tid, gettid(), __ATOMIC_RELAXED);
	while (!t->leave) {
		if (fuzz_below(&t->random, 4))
			fuzz_call(t);
		else
			fuzz_live(t);
	}
	__atomic_store_n(tid, 0, __ATOMIC_RELAXED);
	fuzz_count(t->child->shared, FUZZ_EXIT, 0);
	return NULL;
}

/* Writes to all slots, often or seldom: what happens to whom is not all there is. */
static void *scribble(void *arg)
{
	struct fuzz_thread *t = arg;
	__u64 *r = &t->random;
	__u32 words = FUZZ_SLOTS * sizeof(struct umcg_task) / 4;
	__u32 *memory = (__u32 *)t->child->slots;
	__u64 pause = fuzz_below(r, 3) * MSEC;
	__u32 i, burst = 1 + fuzz_below(r, 200);

	for (;;) {
		for (i = 0; i < burst; i++) {
			__u32 value = fuzz_hostile(r);

			if (fuzz_once_in(r, 4))
				value = t->child->shared
						->tids[t->child->index]
						      [value % FUZZ_THREADS];
			__atomic_store_n(&memory[fuzz_below(r, words)], value,
					 __ATOMIC_RELAXED);
		}
		fuzz_count(t->child->shared, FUZZ_SCRIBBLE, 0);
		sleep_ns(pause + fuzz_below(r, 200 * USEC));
	}
	return NULL;
}

/*
 * A new group in the place of the old one, which has ended then. The file of old is
 * replaced too: whoever calls meanwhile calls one or the other.
 */
bool fuzz_open(struct fuzz_child *c)
{
	int fd = open(UMCG_DEVICE, O_RDWR | O_CLOEXEC);
	void *place = c->slots;
	int flags = MAP_SHARED | (place ? MAP_FIXED : 0);

	fuzz_count(c->shared, FUZZ_OPEN, fd);
	if (fd < 0)
		return false;
	c->map_size = FUZZ_SLOTS * sizeof(struct umcg_task);
	place = mmap(place, c->map_size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (place == MAP_FAILED) {
		close(fd);
		return false;
	}
	c->slots = place;
	if (c->fd < 0) {
		c->fd = fd;
		return true;
	}
	dup3(fd, c->fd, O_CLOEXEC);
	close(fd);
	return true;
}

static void prepare(struct fuzz_child *c)
{
	struct sigaction action = { .sa_handler = handler,
				    .sa_flags = SA_RESTART };
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags = 0;
	sigaction(SIGUSR2, &action, NULL);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	c->page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(c->page + 4096, 4096);
	if (pipe2(c->pipe, O_CLOEXEC))
		_exit(1);
	if (c->index % 2 && (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
			     setresuid(NOBODY, NOBODY, NOBODY)))
		_exit(1);
}

static void start(struct fuzz_thread *t)
{
	t->slot = 0;
	t->leave = false;
	if (pthread_create(&t->thread, NULL, thread_main, t))
		_exit(1);
}

static void tend(struct fuzz_child *c, struct fuzz_thread *me)
{
	unsigned int i;

	for (;;) {
		for (i = 0; i < FUZZ_THREADS; i++)
			if (!pthread_tryjoin_np(c->threads[i].thread, NULL))
				start(&c->threads[i]);
		for (i = 0; i < 10; i++)
			fuzz_poke(me);
		if (fuzz_once_in(&me->random, 100))
			fuzz_open(c);
		sleep_ns(fuzz_below(&me->random, 500 * USEC));
	}
}

void fuzz_child(struct fuzz_shared *s, unsigned int index, unsigned long seed,
		unsigned int generation)
{
	static struct fuzz_child c;
	static struct fuzz_thread me = { .child = &c };
	static struct fuzz_thread vandal = { .child = &c };
	unsigned int i, who = index * 100;

	setpgid(0, 0);
	c.shared = s;
	c.index = index;
	c.fd = -1;
	prepare(&c);
	if (!fuzz_open(&c))
		_exit(1);
	me.random = fuzz_state(seed, generation, who++);
	vandal.random = fuzz_state(seed, generation, who++);
	for (i = 0; i < FUZZ_THREADS; i++) {
		c.threads[i].child = &c;
		c.threads[i].index = i;
		c.threads[i].random = fuzz_state(seed, generation, who++);
		start(&c.threads[i]);
	}
	if (fuzz_below(&me.random, 4) &&
	    pthread_create(&vandal.thread, NULL, scribble, &vandal))
		_exit(1);
	tend(&c, &me);
	_exit(0);
}
