// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process, or one thread of it, is frozen by its cgroup wherever its threads are
 * just then, and thawed again: nothing of it runs meanwhile, and then all go on. No
 * call returns EINTR for it.
 */
/* vm: --smp 2 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cast.h"
#include "cgroup.h"
#include "clock.h"
#include "load.h"
#include "module.h"
#include "nobody.h"
#include "proc.h"
#include "reader.h"
#include "suite.h"
#include "uring.h"

#define ROUNDS	5
#define LOOKS	10

/* --- the two of them ----------------------------------------------------- */

struct freezer {
	const char *name;
	bool (*make)(void);
	bool (*put)(const char *file, const char *text);
	void (*set)(bool frozen);
	bool (*is_frozen)(void);
};

static bool make_v2(void)
{
	return cgroup_make(NULL) &&
	       cgroup_number("cgroup.events", "frozen ") == 0;
}

static void set_v2(bool frozen)
{
	expect(cgroup_put("cgroup.freeze", frozen ? "1" : "0"));
}

static bool is_frozen_v2(void)
{
	return cgroup_number("cgroup.events", "frozen ") == 1;
}

#define V1	"/tmp/umcg-freezer"
#define V1_HERE	V1 "/umcg-test/"

static bool make_v1(void)
{
	mkdir(V1, 0700);
	return !mount("none", V1, "cgroup", 0, "freezer") &&
	       !mkdir(V1_HERE, 0700) && !access(V1_HERE "freezer.state", W_OK);
}

static bool put_v1(const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), V1_HERE "%s", file);
	return proc_set(path, text);
}

static void set_v1(bool frozen)
{
	expect(put_v1("freezer.state", frozen ? "FROZEN" : "THAWED"));
}

static bool is_frozen_v1(void)
{
	return count_lines(V1_HERE "freezer.state", "FROZEN");
}

static const struct freezer freezers[] = {
	{ "v2", make_v2, cgroup_put, set_v2, is_frozen_v2 },
	{ "v1", make_v1, put_v1, set_v1, is_frozen_v1 },
};

#define FREEZERS	2

static const struct freezer *freezer;

/* In the process that outlives a test: it may have left somebody frozen. */
static void put_back(void)
{
	if (!access(V1_HERE, F_OK)) {
		put_v1("freezer.state", "THAWED");
		wait_for(!rmdir(V1_HERE));
	}
	umount(V1);
	rmdir(V1);
	cgroup_put("cgroup.freeze", "0");
	cgroup_remove(NULL);
}

static bool has_freezer(int i)
{
	freezer = &freezers[i];
	return freezer->make();
}

/* --- a worker in each state, and their server ---------------------------- */

/* Of the process that is frozen, and seen by the one that does it. */
struct scene {
	struct cast cast;
	struct load load;
	int ready, over;
	int interrupted; /* WAITs of the server: EINTR */
};

static struct scene *scene;

static int get(int *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void set(int *word, int value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static void wait_as_server(struct server *s)
{
	int error = umcg_wait(s->group, 0, 0);

	if (error == -EINTR)
		scene->interrupted++;
	else
		expect(!error || error == -EAGAIN);
}

/* EAGAIN: it has been frozen meanwhile, and comes back by the list. */
static void run_next(struct server *s)
{
	__u32 events;
	struct worker *w = server_poll(s, &events);
	int error;

	__atomic_store_n(&s->self->next_tid, 0, __ATOMIC_RELAXED);
	if (!w) {
		wait_as_server(s);
		return;
	}
	expect_eq(events, UMCG_EV_QUEUED | UMCG_EV_WAKE);
	/* what was pending before makes it return early */
	do {
		error = server_switch(s, w, 0);
	} while (!error && !(umcg_next_tid(s->self) & UMCG_TID_RUNNING));
	if (error == -EINTR)
		scene->interrupted++;
	else
		expect(!error || error == -EAGAIN);
}

/* To be frozen is a block: it is told of those, until the one that spins ends. */
static void all_roles(void)
{
	struct server *s = &scene->cast.boss;
	__u32 why;

	cast_start(&scene->cast, open_group());
	set(&scene->ready, 1);
	for (;;) {
		why = UMCG_CUR_WHY(umcg_cur(s->self));
		if (why == UMCG_CUR_EXIT)
			break;
		/* it may have been refused, after another one had stopped */
		if (why == UMCG_CUR_RUNNING &&
		    umcg_next_tid(s->self) & UMCG_TID_RUNNING)
			wait_as_server(s);
		else
			run_next(s);
	}
	expect(!scene->interrupted);
	cast_finish(&scene->cast);
	expect_eq(scene->cast.waited, 0);
}

static void a_load(void)
{
	scene->load.stopped = true;
	load_start(&scene->load, 2);
	set(&scene->ready, 1);
	wait_for(get(&scene->over));
	load_stop(&scene->load);
}

static pid_t start(void (*process)(void))
{
	pid_t child;

	scene = shared_memory(sizeof(*scene));
	child = expect_sys(fork());
	if (!child) {
		expect(freezer->put("cgroup.procs", "0"));
		process();
		_exit(0);
	}
	wait_for(get(&scene->ready));
	return child;
}

/* The one that spins does, and its server sleeps for it. */
static void all_go_on(void)
{
	pid_t spins = scene->cast.worker[ROLE_RUNNING].tid;

	proc_runs_on(spins);
	proc_settled(scene->cast.boss.tid);
	proc_runs_on(spins);
}

static __u64 time_of_all(void)
{
	__u64 sum = proc_cpu_ns(scene->cast.boss.tid);
	int i;

	for (i = 0; i < ROLES; i++)
		sum += proc_cpu_ns(scene->cast.worker[i].tid);
	return sum;
}

/* They are counted as frozen some instructions before they leave the processor. */
static bool all_are_off(void)
{
	int i;

	for (i = 0; i < ROLES; i++)
		if (!proc_is_off(scene->cast.worker[i].tid))
			return false;
	return proc_is_off(scene->cast.boss.tid);
}

static void nobody_runs(void)
{
	__u64 before;
	int i;

	wait_for(all_are_off());
	before = time_of_all();
	for (i = 0; i < LOOKS; i++) {
		sleep_ns(MSEC);
		expect_eq(time_of_all(), before);
		expect(cast_stands(&scene->cast));
		expect(freezer->is_frozen());
	}
}

START_TEST(where_each_of_them_is)
{
	unsigned int i;
	pid_t child;

	if (!has_freezer(_i))
		skip("no freezer of cgroup %s", freezer->name);
	child = start(all_roles);
	for (i = 0; i < fewer(ROUNDS); i++) {
		all_go_on();
		freezer->set(true);
		wait_for(freezer->is_frozen());
		nobody_runs();
		freezer->set(false);
		wait_for(!freezer->is_frozen());
	}
	all_go_on();
	expect(cast_stands(&scene->cast));
	set(&scene->cast.over, 1);
	ended_well(child);
}
END_TEST

START_TEST(a_crowd_at_work)
{
	unsigned int i, rounds = fewer(2 * ROUNDS), look;
	unsigned long before;
	pid_t child;

	if (!has_freezer(_i))
		skip("no freezer of cgroup %s", freezer->name);
	child = start(a_load);
	for (i = 0; i < rounds; i++) {
		load_goes_on(&scene->load);
		freezer->set(true);
		wait_for(freezer->is_frozen());
		before = load_steps(&scene->load);
		for (look = 0; look < LOOKS; look++) {
			sleep_ns(MSEC);
			expect_eq(load_steps(&scene->load), before);
		}
		freezer->set(false);
	}
	load_goes_on(&scene->load);
	set(&scene->over, 1);
	ended_well(child);
	fifo_note(&scene->load.fifo, freezer->name);
}
END_TEST

/* That of v2 lets it go at once, that of v1 when it is thawed. */
START_TEST(kill_nine)
{
	static void (*const process[])(void) = { all_roles, a_load };
	int status, before = module_refcount();
	unsigned int i;
	pid_t child;

	if (!has_freezer(_i))
		skip("no freezer of cgroup %s", freezer->name);
	for (i = 0; i < 2; i++) {
		child = start(process[i]);
		freezer->set(true);
		wait_for(freezer->is_frozen());
		ck_assert_int_gt(module_refcount(), before);
		expect_sys(kill(child, SIGKILL));
		if (freezer->set == set_v1)
			freezer->set(false);
		expect_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		wait_for(module_refcount() == before);
		freezer->set(false);
	}
}
END_TEST

/* --- one thread ---------------------------------------------------------- */

static struct server boss;
static pid_t watcher;

/*
 * Killed or not, a process with a thread in the freezer of v1 is not gone before
 * that is thawed: who does so may not be part of it.
 */
static void thaw_when_it_ends(void)
{
	pid_t test = getpid();
	char state;

	watcher = expect_sys(fork());
	if (watcher)
		return;
	/* or it would be killed with the test */
	setpgid(0, 0);
	do {
		sleep_ns(10 * MSEC);
		state = proc_state(test);
	} while (state && state != 'Z' && state != 'X');
	freezer->set(false);
	_exit(0);
}

/* Before it could thaw those of the next test. */
static void end_watch(void)
{
	expect_sys(kill(watcher, SIGKILL));
	expect_sys(waitpid(watcher, NULL, 0));
}

/* A cgroup that takes threads of processes which are elsewhere. */
static bool has_thread_freezer(int i)
{
	if (!has_freezer(i) || (!i && !cgroup_put("cgroup.type", "threaded")))
		return false;
	thaw_when_it_ends();
	return true;
}

static void freeze_one(pid_t tid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", tid);
	expect(freezer->put(freezer->set == set_v1 ? "tasks" : "cgroup.threads",
			    text));
	freezer->set(true);
	wait_for(freezer->is_frozen());
	/* it is counted as frozen before it is away */
	wait_for(proc_is_off(tid));
}

static long says_so(struct worker *w)
{
	step_set(w, 1);
	return 0;
}

static long parks(struct worker *w)
{
	long result = umcg_run(w->group, worker_slot(w), 0, 0, 0);

	step_set(w, 1);
	return result;
}

/* It is away; thawed, it comes back by the list. */
static void is_refused_until_thawed(struct worker *w)
{
	ck_assert_int_eq(server_switch(&boss, w, now() + longer(100 * MSEC)),
			 -EAGAIN);
	ck_assert_uint_eq(worker_state(w), UMCG_TASK_BLOCKED);
	server_expect_none(&boss);
	ck_assert_uint_eq(step_get(w), 0);
	freezer->set(false);
	server_expect(&boss, w, UMCG_EV_WAKE);
	ck_assert_uint_eq(step_get(w), 0);
	server_finish(&boss, w);
	ck_assert_uint_eq(step_get(w), 1);
	ck_assert_int_eq(w->result, 0);
}

START_TEST(one_that_is_held)
{
	struct worker w = { .run = says_so };

	if (!has_thread_freezer(_i))
		skip("no freezer of cgroup %s for threads", freezer->name);
	server_start(&boss, open_group());
	worker_hire(&boss, &w);
	freeze_one(w.tid);
	is_refused_until_thawed(&w);
	end_watch();
}
END_TEST

/* Woken while it is frozen. */
START_TEST(one_that_is_parked)
{
	struct worker w = { .run = parks };

	if (!has_thread_freezer(_i))
		skip("no freezer of cgroup %s for threads", freezer->name);
	server_start(&boss, open_group());
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	freeze_one(w.tid);
	ck_assert_int_eq(umcg_wake(boss.group, w.tid), 0);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	is_refused_until_thawed(&w);
	end_watch();
}
END_TEST

/* What it waits for comes while it is frozen. It may be queued on its way there. */
START_TEST(one_that_is_blocked)
{
	static struct reader r;

	if (!has_thread_freezer(_i))
		skip("no freezer of cgroup %s for threads", freezer->name);
	server_start(&boss, open_group());
	reader_start(&r, &boss);
	freeze_one(r.worker.tid);
	reader_write(&r, 'q');
	ck_assert_uint_eq(step_get(&r.worker), 0);
	ck_assert_int_eq(server_switch(&boss, &r.worker, 0), -EAGAIN);
	freezer->set(false);
	ck_assert_ptr_eq(server_next(&boss, NULL), &r.worker);
	ck_assert_uint_eq(step_get(&r.worker), 0);
	server_run_out(&boss, &r.worker);
	ck_assert_uint_eq(step_get(&r.worker), 1);
	end_watch();
}
END_TEST

/* To its server that is a block. */
START_TEST(one_that_runs)
{
	int stop = 0;
	struct worker w = { .run = worker_spin, .arg = &stop };
	unsigned int before;

	if (!has_thread_freezer(_i))
		skip("no freezer of cgroup %s for threads", freezer->name);
	server_start(&boss, open_group());
	worker_hire(&boss, &w);
	server_leave_running(&boss, &w);
	wait_for(step_get(&w));
	freeze_one(w.tid);
	ck_assert_int_eq(server_wait(&boss, &w), UMCG_CUR_BLOCK);
	server_expect_none(&boss);
	before = step_get(&w);
	freezer->set(false);
	server_expect(&boss, &w, UMCG_EV_WAKE);
	ck_assert_uint_eq(step_get(&w), before);
	server_leave_running(&boss, &w);
	wait_for(step_get(&w) > before);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(server_wait(&boss, &w), UMCG_CUR_EXIT);
	pthread_join(w.thread, NULL);
	end_watch();
}
END_TEST

static struct uring ring;
static int wire[2];

/* As without us, the freezer may end the call: EINTR. */
static long waits_in_a_ring(struct worker *w)
{
	char byte = 0;
	__u64 data;
	int n, left = 1;

	uring_read(&ring, wire[0], &byte, 7);
	do {
		n = uring_enter(&ring, left, 1);
		if (n > 0)
			left -= n;
	} while (n == -EINTR);
	expect(n >= 0);
	expect_eq(uring_result(&ring, &data), 1);
	expect_eq(data, 7);
	step_set(w, 1);
	return byte;
}

/* Woken by the freezer, it is held before it could leave its call. */
START_TEST(one_in_the_middle_of_a_call)
{
	struct worker w = { .run = waits_in_a_ring };

	if (!has_thread_freezer(_i))
		skip("no freezer of cgroup %s for threads", freezer->name);
	uring_open(&ring, 8);
	if (ring.fd < 0)
		skip("no io_uring here: errno %d", -ring.fd);
	expect_sys(socketpair(AF_UNIX, SOCK_STREAM, 0, wire));
	server_start(&boss, open_group());
	worker_hire(&boss, &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_BLOCK);
	proc_settled(w.tid);
	freeze_one(w.tid);
	expect_eq(write(wire[1], "x", 1), 1);
	freezer->set(false);
	ck_assert_ptr_eq(server_next(&boss, NULL), &w);
	ck_assert_uint_eq(step_get(&w), 0);
	server_run_out(&boss, &w);
	ck_assert_int_eq(w.result, 'x');
	end_watch();
}
END_TEST

struct idler {
	struct server server;
	pthread_t thread;
	int woken, result;
};

static void *idle_once(void *arg)
{
	struct idler *me = arg;

	server_start(&me->server, boss.group);
	me->result = umcg_run(boss.group, me->server.self, 0, 0, 0);
	set(&me->woken, 1);
	return NULL;
}

static void start_idling(struct idler *me)
{
	expect(!pthread_create(&me->thread, NULL, idle_once, me));
	wait_for(__atomic_load_n(&me->server.tid, __ATOMIC_ACQUIRE));
	wait_for(umcg_state(me->server.self) & UMCG_TF_IDLE);
	proc_settled(me->server.tid);
}

/* The latest to idle is the first to be told, but not when it is frozen. */
START_TEST(one_of_two_idle_servers)
{
	static struct idler early, late;
	struct worker w = { .run = parks };

	if (!has_thread_freezer(_i))
		skip("no freezer of cgroup %s for threads", freezer->name);
	server_start(&boss, open_group());
	worker_start(&w, boss.group, 0);
	ck_assert_ptr_eq(server_next(&boss, NULL), &w);
	ck_assert_int_eq(server_run(&boss, &w), UMCG_CUR_WAIT);
	start_idling(&early);
	start_idling(&late);
	freeze_one(late.server.tid);
	ck_assert_int_eq(umcg_wake(boss.group, w.tid), 0);
	wait_for(get(&early.woken));
	ck_assert_int_eq(get(&late.woken), 0);
	freezer->set(false);
	/* no EINTR: it looks at the list again, and there is still something */
	wait_for(get(&late.woken));
	ck_assert_int_eq(early.result, 0);
	ck_assert_int_eq(late.result, 0);
	pthread_join(early.thread, NULL);
	pthread_join(late.thread, NULL);
	end_watch();
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("freezer");

	ADD_LOOP_BETWEEN(s, where_each_of_them_is, 60, FREEZERS, NULL,
			 put_back);
	ADD_LOOP_BETWEEN(s, a_crowd_at_work, 60, FREEZERS, NULL, put_back);
	ADD_LOOP_BETWEEN(s, kill_nine, 30, FREEZERS, NULL, put_back);
	ADD_LOOP_BETWEEN(s, one_that_is_held, 20, FREEZERS, NULL, put_back);
	ADD_LOOP_BETWEEN(s, one_that_is_parked, 20, FREEZERS, NULL, put_back);
	ADD_LOOP_BETWEEN(s, one_that_is_blocked, 20, FREEZERS, NULL,
			 put_back);
	ADD_LOOP_BETWEEN(s, one_that_runs, 20, FREEZERS, NULL, put_back);
	ADD_LOOP_BETWEEN(s, one_in_the_middle_of_a_call, 20, FREEZERS, NULL,
			 put_back);
	ADD_LOOP_BETWEEN(s, one_of_two_idle_servers, 20, FREEZERS, NULL,
			 put_back);
	return s;
}
