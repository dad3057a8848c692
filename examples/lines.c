// SPDX-License-Identifier: MIT
/*
 * lines.c - a producer, consumers and one server, with libumcg-sync
 *
 * The producer reads lines from standard input and puts them into a queue; each goes to
 * a consumer that waits for it, together with the turn. The server only hears of it when
 * all of them wait, or when the producer blocks in read().
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <umcg_sync.h>
#include <unistd.h>

#define CONSUMERS	3
#define ROOM		4

static struct umcg_group *group;
static struct umcg_queue queue;
static struct umcg_mutex output;
static unsigned long lines, turns;

static void enter(void)
{
	umcg_sync_attach(group, umcg_register_worker(group, 0, 0), 0);
}

static void leave(void)
{
	umcg_sync_detach();
	umcg_unregister(group);
}

static void *produce(void *unused)
{
	char text[256];

	enter();
	while (fgets(text, sizeof(text), stdin))
		umcg_queue_push(&queue, strdup(text), 0, 0);
	umcg_queue_close(&queue);
	leave();
	return unused;
}

static void *consume(void *arg)
{
	void *text;

	enter();
	while (!umcg_queue_pop(&queue, &text, 0, 0)) {
		umcg_mutex_lock(&output);
		printf("consumer %ld: %s", (long)arg, (char *)text);
		lines++;
		umcg_mutex_unlock(&output);
		free(text);
	}
	leave();
	return NULL;
}

/* Run whoever is queued, until all workers have gone. */
static void serve(struct umcg_task *self, int workers)
{
	struct umcg_list ready = { 0 };

	while (workers) {
		umcg_list_take(group, 0, &ready);
		__u32 slot = umcg_list_pop(group, &ready, NULL); /* 0: idle */
		if (umcg_run(group, self, slot ? umcg_slot(group, slot)->tid : 0, 0, 0))
			continue;
		turns += !!slot;
		while (UMCG_CUR_WHY(umcg_cur(self)) == UMCG_CUR_RUNNING)
			umcg_wait(group, 0, 0);
		workers -= slot && UMCG_CUR_WHY(umcg_cur(self)) == UMCG_CUR_EXIT;
	}
}

int main(void)
{
	static void *room[ROOM];
	pthread_t thread;
	char why[UMCG_WHY_MAX];

	if (umcg_available(why, sizeof(why)) || umcg_open(&group)) {
		fprintf(stderr, "lines: umcg cannot be used here: %s\n", why);
		return 1;
	}
	umcg_queue_init(&queue, room, ROOM);
	int slot = umcg_register_server(group, 0);
	for (long i = 1; i <= CONSUMERS; i++)
		pthread_create(&thread, NULL, consume, (void *)i);
	pthread_create(&thread, NULL, produce, NULL);
	serve(umcg_slot(group, slot), CONSUMERS + 1);
	fprintf(stderr, "%lu lines, %lu turns of the server\n", lines, turns);
	umcg_unregister(group);
	return 0;
}
