// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that the module says it does, held against the table of what it may do: a
 * storm of everything that can happen to a worker is traced and replayed.
 */
/* vm: --smp 2 */
/* vm: --smp 4 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "module.h"
#include "replay.h"
#include "sleeper.h"
#include "suite.h"
#include "tracefs.h"

/* --- what the replay finds ------------------------------------------------ */

#define WHO(slot)	": group=1 tid=10" #slot " slot=" #slot " "
#define START(slot, n)                                                  \
	"run" WHO(slot) "RUNNABLE+queued -> RUNNING server=101 run=" #n " handoff=0"
#define WAITS	"server_wait: group=1 tid=101 slot=1 worker=0"
#define WAKES	"server_wake: group=1 tid=101 slot=1 result=0"

/* A server, and two workers that are queued. */
static const char *const beginning[] = {
	"register" WHO(1) "NONE -> RUNNING flags=0x1",
	"register" WHO(2) "NONE -> BLOCKED flags=0x2",
	"hold" WHO(2) "BLOCKED -> RUNNABLE",
	"wake" WHO(2) "RUNNABLE -> RUNNABLE+queued list=server server=101",
	"register" WHO(3) "NONE -> BLOCKED flags=0x2",
	"hold" WHO(3) "BLOCKED -> RUNNABLE",
	"wake" WHO(3) "RUNNABLE -> RUNNABLE+queued list=group server=0",
	NULL
};

/* How it goes on, and what is wrong with that; NULL: nothing. */
static const struct story {
	const char *error, *lines[5];
} stories[] = {
	{ NULL,
	  { START(2, 1), WAITS } },
	{ NULL,
	  { START(2, 1), WAITS,
	    "park" WHO(2) "RUNNING -> RUNNABLE+parked server=101", WAKES,
	    START(3, 1) } },
	/* queued twice; but to be told of more is not */
	{ "queued: push",
	  { "wake" WHO(2) "RUNNABLE+queued -> RUNNABLE+queued list=server server=101" } },
	{ NULL,
	  { "wake" WHO(2) "RUNNABLE+queued -> RUNNABLE+queued list=same server=0" } },
	/* two at a time */
	{ "run beside another one",
	  { START(2, 1), START(3, 1) } },
	/* by a server that sleeps */
	{ "run by a server that is asleep",
	  { WAITS, START(2, 1) } },
	/* though it is not runnable */
	{ "blocked: run",
	  { START(2, 1), "block" WHO(2) "RUNNING -> BLOCKED server=101",
	    START(2, 2) } },
	/* a run is missing */
	{ "run 2 follows run 0",
	  { START(2, 2) } },
	/* something has changed that nobody told */
	{ "queued: it was 0x202, not 0x102",
	  { "run" WHO(2) "RUNNABLE+parked -> RUNNING server=101 run=1 handoff=0" } },
	{ "running: it is 0x401, not 0x1",
	  { "run" WHO(2) "RUNNABLE+queued -> RUNNING+away server=101 run=1 handoff=0" } },
	/* another server than its own is told */
	{ "it runs under 101",
	  { START(2, 1), "block" WHO(2) "RUNNING -> BLOCKED server=103" } },
	/* nobody will look there */
	{ "queued on no server's list",
	  { START(2, 1), "unregister" WHO(1) "RUNNING -> NONE server=0",
	    "preempt" WHO(2) "RUNNING -> RUNNABLE server=101",
	    "wake" WHO(2) "RUNNABLE -> RUNNABLE+queued list=server server=101" } },
};

static void tell(FILE *out, const char *const *lines, size_t count, int time)
{
	size_t i;

	for (i = 0; i < count && lines[i]; i++)
		fprintf(out, "w-1 [000] d..1. %d: umcg_%s\n", time++, lines[i]);
}

/* As the kernel writes it. */
static char *whole(const struct story *s)
{
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);

	expect(out);
	tell(out, beginning, 100, 1);
	tell(out, s->lines, 5, 100);
	fclose(out);
	return text;
}

START_TEST(a_story_that_cannot_be)
{
	const struct story *s = &stories[_i];
	struct replay *r = replay_new(false);
	struct trace trace;
	const char *error;

	trace_take(&trace, whole(s));
	error = replay_run(r, &trace);
	if (error && (!s->error || strcmp(error, s->error)))
		replay_history(r, &trace, note);
	ck_assert_pstr_eq(error, s->error);
	trace_free(&trace);
	replay_free(r);
}
END_TEST

/* --- a trace of the module ------------------------------------------------ */

#define BUFFER_KB	16384

static struct umcg_group *group;

#define NO_TRACEFS	"this kernel has no tracefs"

/*
 * All threads are gone in the end: of one group, which is opened here. @all: what
 * @run does is meant to show all there is.
 */
static void trace_and_replay(void (*run)(void), size_t events, bool all)
{
	struct replay *r = replay_new(false);
	struct trace trace;
	const char *error;
	int users;

	group = open_group();
	trace_start(BUFFER_KB);
	users = module_refcount();
	run();
	/* a thread may still be on its way out when it can be joined */
	wait_for(module_refcount() == users);
	trace_stop(&trace);
	note("%zu events", trace.count);
	error = replay_run(r, &trace);
	replay_note(r, note);
	if (all)
		replay_note_unseen(r, note);
	if (error) {
		replay_history(r, &trace, note);
		ck_abort_msg("%s", error);
	}
	ck_assert_uint_eq(replay_alive(r), 0);
	ck_assert_uint_gt(trace.count, events);
	trace_free(&trace);
	replay_free(r);
}

/* --- ends ----------------------------------------------------------------- */

static struct server boss;
static int stop, ends[2];

/* Start it, and come back: a kick of oneself is kept for the next WAIT. */
static void start(struct worker *w)
{
	expect_eq(umcg_kick(group, boss.tid, 0), 0);
	expect_eq(server_switch(&boss, w, 0), 0);
}

/* Both run, and end: their server may be told of one, and finds both on its list. */
static void two_that_run(void)
{
	struct worker w[2] = { { .run = worker_spin, .arg = &stop },
			       { .run = worker_spin, .arg = &stop } };
	struct worker *next;
	__u32 events;
	int gone = 0;

	worker_hire(&boss, &w[0]);
	worker_hire(&boss, &w[1]);
	start(&w[0]);
	start(&w[1]);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	while (gone < 2) {
		next = server_next(&boss, &events);
		if (events & UMCG_EV_EXIT)
			gone++;
		else
			start(next);
	}
	pthread_join(w[0].thread, NULL);
	pthread_join(w[1].thread, NULL);
}

static long park(struct worker *w)
{
	worker_park(w);
	return 0;
}

static long read_byte(struct worker *w)
{
	char byte;

	(void)w;
	return read(ends[0], &byte, 1);
}

/* One is held, one parked, one blocked, and nobody will ever run them. */
static void end_of_group(void)
{
	struct worker w[3] = { { .run = park }, { .run = park },
			       { .run = read_byte } };
	int i;

	expect_sys(pipe(ends));
	for (i = 0; i < 3; i++)
		worker_hire(&boss, &w[i]);
	expect_eq(server_run(&boss, &w[1]), UMCG_CUR_WAIT);
	expect_eq(server_run(&boss, &w[2]), UMCG_CUR_BLOCK);
	expect_eq(umcg_unregister(group), 0);
	expect_eq(write(ends[1], "x", 1), 1);
	for (i = 0; i < 3; i++)
		pthread_join(w[i].thread, NULL);
}

static void all_ends(void)
{
	server_start_as(&boss, group, UMCG_REG_MULTI, 0);
	two_that_run();
	end_of_group();
}

START_TEST(ends_of_all_kinds)
{
	if (!trace_possible())
		skip(NO_TRACEFS);
	trace_and_replay(all_ends, 20, false);
}
END_TEST

/* --- the storm ------------------------------------------------------------ */

#define WORKERS		16
#define LIVES		96 /* of all of them together */
#define ROUNDS		60
#define SERVERS		3

/**
 * struct soul - a worker, and another one when that has ended, and so on
 * @home:	the server whose list it registers for, -1: the group's
 * @ended:	its thread can be joined
 */
static struct soul {
	struct worker w;
	struct sleeper sleeper;
	unsigned int seed;
	int home;
	bool ended, alive;
} souls[WORKERS];

static struct fifo fifo;

static __u32 some_tid(unsigned int *seed)
{
	return __atomic_load_n(&souls[rand_r(seed) % WORKERS].w.tid,
			       __ATOMIC_SEQ_CST);
}

static void block(struct soul *me)
{
	enum way way = rand_r(&me->seed) % WAYS;

	way = sleeper_prepare(&me->sleeper, way);
	sleeper_do(&me->sleeper, way, rand_r(&me->seed) % 300 * USEC);
}

/* To nobody, or to another one, who may not be there, or not be able to run. */
static void give_turn(struct soul *me, __u32 next)
{
	__u32 flags = rand_r(&me->seed) % 2 ? UMCG_WAIT_ENQUEUE : 0;
	__u64 timeout = 0;
	int error;

	if (!flags && rand_r(&me->seed) % 2)
		timeout = now() + rand_r(&me->seed) % 500 * USEC;
	error = umcg_run(group, worker_slot(&me->w), next, flags, timeout);
	if (error && error != -EINTR && error != -ETIMEDOUT && next)
		expect(error == -EAGAIN || error == -ESRCH || error == -EINVAL);
	else if (error && error != -EINTR)
		expect_eq(error, -ETIMEDOUT);
}

static void compute(struct soul *me)
{
	int i = rand_r(&me->seed) % 3000;

	while (i--)
		cpu_relax();
}

/* Somebody, or a server's. */
static void kick(unsigned int *seed)
{
	int server = rand_r(seed) % (2 * SERVERS);
	int error;

	if (server < SERVERS)
		error = umcg_kick(group, fifo_home(&fifo, server),
				  rand_r(seed) % 4 ? UMCG_KICK_CURRENT : 0);
	else
		error = umcg_kick(group, some_tid(seed), 0);
	expect(!error || error == -EAGAIN || error == -ESRCH);
}

static void wake(unsigned int *seed)
{
	int error = umcg_wake(group, some_tid(seed));

	expect(error == 0 || error == 1 || error == -ESRCH || error == -EAGAIN);
}

/* By number: whoever has ended is not there, and nobody else has it. */
static void send_signal(unsigned int *seed)
{
	__u32 tid = some_tid(seed);

	if (tid && syscall(SYS_tgkill, getpid(), tid, SIGUSR1))
		expect_eq(errno, ESRCH);
}

static void do_something(struct soul *me)
{
	switch (rand_r(&me->seed) % 9) {
	case 0:
		compute(me);
		break;
	case 1:
		kick(&me->seed);
		break;
	case 2:
		wake(&me->seed);
		break;
	case 3:
	case 4:
		block(me);
		break;
	case 5:
		give_turn(me, 0);
		break;
	case 6:
		send_signal(&me->seed);
		break;
	default:
		give_turn(me, some_tid(&me->seed));
	}
}

static long live(struct worker *w)
{
	struct soul *me = w->arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		worker_slot(w)->server_tid =
			fifo_home(&fifo, rand_r(&me->seed) % (SERVERS + 1) - 1);
		do_something(me);
		/* whoever gets here without it has slipped by his hold */
		expect_eq(worker_state(w), UMCG_TASK_RUNNING);
	}
	__atomic_store_n(&me->ended, true, __ATOMIC_SEQ_CST);
	return 0;
}

static void on_signal(int signal)
{
	(void)signal;
}

static void begin_life(struct soul *s, unsigned int life)
{
	s->seed = life;
	s->ended = false;
	s->alive = true;
	s->w.run = live;
	s->w.arg = s;
	s->w.dies = life % 2;
	/* the last one is to leave, and is nobody's home for long */
	worker_start(&s->w, group,
		     fifo_home(&fifo, (int)(life % SERVERS) - 1));
}

/* Who has ended begins anew, if there is a life left. Are any alive? */
static bool renew(unsigned int *lives)
{
	bool alive = false;
	struct soul *s;

	for (s = souls; s < souls + WORKERS; s++) {
		if (s->alive && __atomic_load_n(&s->ended, __ATOMIC_SEQ_CST)) {
			pthread_join(s->w.thread, NULL);
			s->alive = false;
		}
		if (!s->alive && *lives) {
			--*lives;
			begin_life(s, *lives);
		}
		alive |= s->alive;
	}
	return alive;
}

/* Everybody is stopped and continued, by a process that is not. */
static void stop_and_continue(void)
{
	pid_t parent = getpid(), child = fork();

	expect(child >= 0);
	if (!child) {
		kill(parent, SIGSTOP);
		usleep(1000);
		kill(parent, SIGCONT);
		_exit(0);
	}
	expect_sys(waitpid(child, NULL, 0));
}

static void disturb(unsigned int *seed)
{
	switch (rand_r(seed) % 16) {
	case 0:
		stop_and_continue();
		break;
	case 1:
	case 2:
		send_signal(seed);
		break;
	case 3:
	case 4:
		kick(seed);
		break;
	default:
		wake(seed);
	}
}

static void storm(void)
{
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = SA_RESTART };
	unsigned int lives = LIVES, seed = 1;
	bool retired = false;

	expect_sys(sigaction(SIGUSR1, &sa, NULL));
	sleepers_start(&souls[0].sleeper, sizeof(*souls), WORKERS);
	fifo_start(&fifo, group, SERVERS);
	fifo.hands_over = true;
	while (renew(&lives)) {
		disturb(&seed);
		if (!retired && lives < LIVES / 2) {
			fifo_retire(&fifo, SERVERS - 1);
			retired = true;
		}
		sleep_ns(rand_r(&seed) % 300 * USEC);
	}
	wait_for(fifo_ended(&fifo) == LIVES);
	fifo_stop(&fifo);
	sleepers_stop();
	fifo_note(&fifo, "storm");
}

START_TEST(a_storm)
{
	if (!trace_possible())
		skip(NO_TRACEFS);
	trace_and_replay(storm, LIVES * ROUNDS, true);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("replay");

	ADD_LOOP(s, a_story_that_cannot_be, 20,
		 sizeof(stories) / sizeof(*stories));
	ADD(s, ends_of_all_kinds, 30);
	ADD(s, a_storm, 100);
	return s;
}
