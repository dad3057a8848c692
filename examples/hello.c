// SPDX-License-Identifier: MIT
/*
 * hello.c - the smallest complete program: one server, two workers
 *
 * The reader blocks in read(), an ordinary system call on an ordinary pipe. The
 * kernel tells the server at once, the server runs the writer instead, and what
 * that one writes brings the reader back. Only one of the three runs at a time.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <umcg.h>
#include <unistd.h>

static struct umcg_group *group;
static int wire[2];

/*
 * Not printf(): a worker may be stopped while it holds the lock of stdout, and
 * then a server that wants to print waits for a thread only it can let go on.
 */
static void say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		exit(1);
}

static void *reader(void *unused)
{
	char text[64];
	ssize_t n;

	umcg_register_worker(group, 0, 0); /* returns when the server runs us */
	say("reader: I wait for a message\n");
	n = read(wire[0], text, sizeof(text));
	say("reader: it says ");
	say(n > 0 && write(STDOUT_FILENO, text, n) == n ? "" : "nothing\n");
	umcg_unregister(group);
	return unused;
}

static void *writer(void *unused)
{
	static const char text[] = "hello from the writer\n";

	umcg_register_worker(group, 0, 0);
	say("writer: I send one\n");
	if (write(wire[1], text, strlen(text)) < 0)
		say("writer: I cannot\n");
	umcg_unregister(group);
	return unused;
}

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "hello: %s: %s\n", what, why);
	return 1;
}

int main(void)
{
	struct umcg_list ready = { 0 };
	struct umcg_task *self;
	pthread_t thread[2];
	char why[UMCG_WHY_MAX];
	int alive = 2, slot, error;

	if (umcg_available(why, sizeof(why)))
		return fail("umcg cannot be used here", why);
	error = umcg_open(&group);
	if (error)
		return fail("no group", strerror(-error));
	if (pipe(wire))
		return fail("no pipe", strerror(errno));
	/* This thread becomes the server: it has a slot in shared memory. */
	slot = umcg_register_server(group, 0);
	if (slot < 0)
		return fail("no server", strerror(-slot));
	self = umcg_slot(group, slot);
	pthread_create(&thread[0], NULL, reader, NULL);
	pthread_create(&thread[1], NULL, writer, NULL);

	while (alive) {
		struct umcg_task *worker;

		umcg_list_take(group, 0, &ready); /* who can run? oldest first */
		if (umcg_list_empty(&ready)) {
			umcg_run(group, self, 0, 0, 0); /* sleep until somebody can */
			continue;
		}
		worker = umcg_slot(group, umcg_list_pop(group, &ready, NULL));
		if (umcg_run(group, self, worker->tid, 0, 0)) /* until it stops */
			continue; /* asleep again: it will be back on the list */
		while (UMCG_CUR_WHY(umcg_cur(self)) == UMCG_CUR_RUNNING)
			umcg_wait(group, 0, 0); /* woken early: sleep on */
		if (UMCG_CUR_WHY(umcg_cur(self)) == UMCG_CUR_BLOCK)
			say("server: it blocked, who else?\n");
		else if (UMCG_CUR_WHY(umcg_cur(self)) == UMCG_CUR_EXIT)
			alive--;
	}
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	umcg_close(group);
	return 0;
}
