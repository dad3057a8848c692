// SPDX-License-Identifier: MIT
/*
 * sync.c - libumcg-sync between workers, and what the C library has between threads
 *
 * A pair is taken and given back by one who is alone. A round trip goes from one to the
 * other and back, both of which sleep in between. A mutex of the C library is handed to
 * nobody, so a round trip of that is a semaphore's or a condition variable's.
 */
#include <semaphore.h>
#include <umcg_sync.h>

#include "server.h"

static struct server server;
static struct worker pair[2];
static unsigned int rounds;
static bool stop;

static void attach(struct worker *self)
{
	if (umcg_sync_attach(self->group, self->slot, 0))
		die("attaching a worker");
}

/* ---- nobody else there -------------------------------------------------- */

static struct umcg_mutex mutex;
static struct umcg_sem sem[2];
static pthread_mutex_t their_mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t their_sem[2];

static void mutex_once(void)
{
	umcg_mutex_lock(&mutex);
	umcg_mutex_unlock(&mutex);
}

static void sem_once(void)
{
	umcg_sem_post(&sem[0]);
	umcg_sem_wait(&sem[0]);
}

static void their_mutex_once(void)
{
	pthread_mutex_lock(&their_mutex);
	pthread_mutex_unlock(&their_mutex);
}

static void their_sem_once(void)
{
	sem_post(&their_sem[0]);
	sem_wait(&their_sem[0]);
}

static void mutex_pair(unsigned int ops)
{
	METER(ops, mutex_once());
}

static void sem_pair(unsigned int ops)
{
	METER(ops, sem_once());
}

/* The C library leaves out what only threads need until there is a second one. */
static void *nothing(void *unused)
{
	return unused;
}

static void their_mutex_pair(unsigned int ops)
{
	pthread_join(spawn(nothing, NULL), NULL);
	METER(ops, their_mutex_once());
}

static void their_sem_pair(unsigned int ops)
{
	METER(ops, their_sem_once());
}

/* ---- from one worker to the other, and back ------------------------------ */

/**
 * struct trip - how one asks and the other answers
 * @ask:	tells the other and waits for the answer
 * @answer:	waits to be told, and tells
 */
struct trip {
	void (*ask)(void);
	void (*answer)(void);
};

static const struct trip *trip;

static void ask(struct worker *self)
{
	attach(self);
	METER(rounds, trip->ask());
	stop = true;
	trip->ask();
	umcg_sync_detach();
}

static void answer(struct worker *self)
{
	attach(self);
	while (!stop)
		trip->answer();
	umcg_sync_detach();
}

static void travel(const struct trip *t, unsigned int ops)
{
	trip = t;
	rounds = ops;
	pair[0].run = ask;
	pair[1].run = answer;
	server_start(&server);
	hire(&server, &pair[0]);
	hire(&server, &pair[1]);
	/* it waits before the other asks */
	server_run(&server, &pair[1]);
	serve(&server, pair, 2);
}

static void sem_ask(void)
{
	umcg_sem_post(&sem[1]);
	umcg_sem_wait(&sem[0]);
}

static void sem_answer(void)
{
	umcg_sem_wait(&sem[1]);
	umcg_sem_post(&sem[0]);
}

static void sems(unsigned int ops)
{
	static const struct trip t = { sem_ask, sem_answer };

	travel(&t, ops);
}

static struct umcg_cond cond[2];
static bool told[2];

static void tell(int side)
{
	umcg_mutex_lock(&mutex);
	told[side] = true;
	umcg_cond_signal(&cond[side]);
	umcg_mutex_unlock(&mutex);
}

static void listen(int side)
{
	umcg_mutex_lock(&mutex);
	while (!told[side])
		umcg_cond_wait(&cond[side], &mutex);
	told[side] = false;
	umcg_mutex_unlock(&mutex);
}

static void cond_ask(void)
{
	tell(1);
	listen(0);
}

static void cond_answer(void)
{
	listen(1);
	tell(0);
}

static void conds(unsigned int ops)
{
	static const struct trip t = { cond_ask, cond_answer };

	travel(&t, ops);
}

static struct umcg_queue queue[2];
static void *room[2];

static void queue_ask(void)
{
	void *item;

	umcg_queue_push(&queue[1], NULL, 0, 0);
	umcg_queue_pop(&queue[0], &item, 0, 0);
}

static void queue_answer(void)
{
	void *item;

	umcg_queue_pop(&queue[1], &item, 0, 0);
	umcg_queue_push(&queue[0], NULL, UMCG_QUEUE_MORE, 0);
}

static void queues(unsigned int ops)
{
	static const struct trip t = { queue_ask, queue_answer };

	umcg_queue_init(&queue[0], &room[0], 1);
	umcg_queue_init(&queue[1], &room[1], 1);
	travel(&t, ops);
}

/* Each gives it to the other, who waits, and waits for it: two hand-overs. */
static void mutex_ask(void)
{
	umcg_mutex_unlock(&mutex);
	umcg_mutex_lock(&mutex);
}

static void mutex_answer(void)
{
	umcg_mutex_lock(&mutex);
	umcg_mutex_unlock(&mutex);
}

static void mutexes(unsigned int ops)
{
	static const struct trip t = { mutex_ask, mutex_answer };

	umcg_mutex_lock(&mutex);
	travel(&t, ops);
}

/* ---- the same between threads ---------------------------------------------- */

static void *their_answer(void *unused)
{
	while (!stop) {
		sem_wait(&their_sem[1]);
		sem_post(&their_sem[0]);
	}
	return unused;
}

static void their_sem_ask(void)
{
	sem_post(&their_sem[1]);
	sem_wait(&their_sem[0]);
}

static void their_sems(unsigned int ops)
{
	pthread_t other = spawn(their_answer, NULL);

	METER(ops, their_sem_ask());
	stop = true;
	sem_post(&their_sem[1]);
	pthread_join(other, NULL);
}

const struct bench sync_cases[] = {
	{ .name = "mutex-pair",
	  .what = "umcg_mutex_lock() and _unlock(), nobody else there",
	  .policies = FIFO,
	  .run = mutex_pair },
	{ .name = "pthread-pair",
	  .what = "the same with a pthread_mutex_t",
	  .policies = FIFO,
	  .run = their_mutex_pair },
	{ .name = "sem-pair",
	  .what = "umcg_sem_post() and _wait(), nobody else there",
	  .policies = FIFO,
	  .run = sem_pair },
	{ .name = "sem_t-pair",
	  .what = "the same with a sem_t",
	  .policies = FIFO,
	  .run = their_sem_pair },
	{ .name = "mutex-trip",
	  .what = "a umcg_mutex handed from worker to worker and back",
	  .policies = ALL_POLICIES,
	  .needs_umcg = true,
	  .run = mutexes },
	{ .name = "sem-trip",
	  .what = "umcg_sem_post() and _wait(), worker to worker and back",
	  .policies = ALL_POLICIES,
	  .needs_umcg = true,
	  .run = sems },
	{ .name = "sem_t-trip",
	  .what = "the same with sem_t, thread to thread",
	  .policies = ALL_POLICIES,
	  .run = their_sems },
	{ .name = "cond-trip",
	  .what = "umcg_cond_signal() and _wait(), worker to worker and back; its peer is condvar",
	  .policies = ALL_POLICIES,
	  .needs_umcg = true,
	  .run = conds },
	{ .name = "queue-trip",
	  .what = "an item and the turn through a umcg_queue, and one back",
	  .policies = ALL_POLICIES,
	  .needs_umcg = true,
	  .run = queues },
	{}
};
