// SPDX-License-Identifier: GPL-2.0-only
/* vm: --with gdb --with strace */
/*
 * strace of a whole process, from its first call or in the middle of its work:
 * what it computes, says and exits with is what it is without.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fifo.h"
#include "proc.h"
#include "suite.h"

#define WORKERS	8
#define TOKENS	3
#define ROUNDS	18
#define STAGES	3
#define FINE	42

/* --- the process --------------------------------------------------------- */

static struct fifo fifo;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int visits; /* under that lock */

/* A ring of them, in which numbers go round and grow. */
static struct member {
	struct worker worker;
	int ends[2];
	unsigned int sum;
} members[WORKERS];

static void nap(unsigned int us)
{
	struct timespec t = { .tv_nsec = us * USEC };

	expect_eq(nanosleep(&t, NULL), 0);
}

/* Now and then with the lock held, so that others have to wait for it. */
static void count_visit(unsigned int number)
{
	expect(!pthread_mutex_lock(&lock));
	visits++;
	if (number % 5 == 0)
		nap(300);
	expect(!pthread_mutex_unlock(&lock));
}

/* The first of them waits for leave to begin each stage. */
static void wait_for_stage(struct member *me, unsigned int i)
{
	char byte;

	if (me == members && i % (TOKENS * ROUNDS / STAGES) == 0)
		expect_eq(read(STDIN_FILENO, &byte, 1), 1);
}

static long pass_on(struct worker *w)
{
	struct member *me = w->arg;
	struct member *next = &members[(me - members + 1) % WORKERS];
	unsigned int i, number;

	for (i = 0; i < TOKENS * ROUNDS; i++) {
		wait_for_stage(me, i);
		expect_eq(read(me->ends[0], &number, sizeof(number)),
			  sizeof(number));
		me->sum += number++;
		count_visit(number);
		if (number % 3 == 0)
			nap(number % 4 * 100);
		expect_eq(write(next->ends[1], &number, sizeof(number)),
			  sizeof(number));
	}
	return 0;
}

static int work(void)
{
	unsigned int i;

	fifo_start(&fifo, open_group(), 2);
	for (i = 0; i < WORKERS; i++)
		expect_sys(pipe(members[i].ends));
	for (i = 0; i < TOKENS; i++)
		expect_eq(write(members[i].ends[1], &i, sizeof(i)), sizeof(i));
	for (i = 0; i < WORKERS; i++) {
		members[i].worker.run = pass_on;
		members[i].worker.arg = &members[i];
		worker_start(&members[i].worker, fifo.group,
			     fifo_home(&fifo, (int)(i % 3) - 1));
	}
	for (i = 0; i < WORKERS; i++)
		pthread_join(members[i].worker.thread, NULL);
	wait_for(fifo_ended(&fifo) == WORKERS);
	fifo_stop(&fifo);
	for (i = 0; i < WORKERS; i++)
		printf("%u ", members[i].sum);
	printf("%u\n", visits);
	return FINE;
}

int helper_main(int argc, char **argv)
{
	(void)argv;
	return argc == 2 ? work() : 100;
}

/* --- running it ---------------------------------------------------------- */

static char self[PATH_MAX];

struct process {
	pid_t pid;
	int in, out;
};

static struct process start(const char *const *argv)
{
	int in[2], out[2];
	struct process p;

	expect_sys(pipe2(in, O_CLOEXEC));
	expect_sys(pipe2(out, O_CLOEXEC));
	p.pid = expect_sys(fork());
	if (!p.pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execvp(argv[0], (char **)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	p.in = in[1];
	p.out = out[0];
	return p;
}

static void go_on(struct process *p, unsigned int stages)
{
	while (stages--)
		expect_eq(write(p->in, "x", 1), 1);
}

static int status_of(pid_t pid)
{
	int status;

	expect_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* Numbers start so: 0, 1, 2 in members 0, 1, 2; each grows by one with each step. */
static void says_what_it_should(struct process *p)
{
	unsigned int sums[WORKERS] = { 0 }, i, j, at = 0;
	char expected[256], said[256] = "";
	size_t length = 0;
	ssize_t n;

	for (i = 0; i < TOKENS; i++)
		for (j = 0; j < WORKERS * ROUNDS; j++)
			sums[(i + j) % WORKERS] += i + j;
	for (i = 0; i < WORKERS; i++)
		at += sprintf(expected + at, "%u ", sums[i]);
	sprintf(expected + at, "%u\n", WORKERS * TOKENS * ROUNDS);
	while ((n = read(p->out, said + length, sizeof(said) - 1 - length)) > 0)
		length += n;
	ck_assert_str_eq(said, expected);
	ck_assert_int_eq(status_of(p->pid), FINE << 8);
}

static void begin(void)
{
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	expect(length > 0);
	self[length] = '\0';
}

START_TEST(without)
{
	const char *const argv[] = { self, "work", NULL };
	struct process p;

	begin();
	p = start(argv);
	go_on(&p, STAGES);
	says_what_it_should(&p);
}
END_TEST

/* --- with strace --------------------------------------------------------- */

#define LOG	"/tmp/umcg-strace"

static bool have_strace(void)
{
	const char *const argv[] = { "strace", "-V", NULL };
	struct process p = start(argv);

	return status_of(p.pid) == 0;
}

START_TEST(from_the_beginning)
{
	const char *const argv[] = { "strace", "-f", "-o", LOG, self, "work",
				     NULL };
	struct process p;

	if (!have_strace())
		skip("no strace here");
	begin();
	p = start(argv);
	go_on(&p, STAGES);
	says_what_it_should(&p);
	/* two servers, the first thread, and all calls of all workers */
	ck_assert_uint_eq(count_lines(LOG, "+++ exited with "), WORKERS + 3);
	ck_assert_uint_ge(count_lines(LOG, "write("),
			  WORKERS * TOKENS * ROUNDS);
	ck_assert_uint_eq(count_lines(LOG, "EINTR"), 0);
	unlink(LOG);
}
END_TEST

/* It says so of each thread, and then traces it. */
static pid_t attach(pid_t pid)
{
	char number[16];
	const char *const argv[] = { "strace", "-f", "-o", LOG, "-p", number,
				     NULL };
	struct process p;

	snprintf(number, sizeof(number), "%d", pid);
	p = start(argv);
	wait_for(count_lines(LOG, "") > 0);
	return p.pid;
}

/* Who it traces is asleep at one moment and under way at another. */
static const struct leave {
	int signal;
	bool at_work;
} ways[] = {
	{ SIGINT, false }, { SIGINT, true }, { SIGKILL, false },
	{ SIGKILL, true },
};

START_TEST(in_the_middle)
{
	const char *const argv[] = { self, "work", NULL };
	const struct leave *way = &ways[_i];
	struct process p;
	pid_t strace;

	if (!have_strace())
		skip("no strace here");
	begin();
	unlink(LOG);
	p = start(argv);
	go_on(&p, 1);
	strace = attach(p.pid);
	go_on(&p, way->at_work ? 2 : 1);
	wait_for(count_lines(LOG, "write(") >
		 (way->at_work ? 20 : WORKERS * TOKENS * (ROUNDS / STAGES - 2)));
	expect_sys(kill(strace, way->signal));
	status_of(strace);
	if (!way->at_work)
		go_on(&p, 1);
	says_what_it_should(&p);
	unlink(LOG);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("strace_all");

	ADD(s, without, 30);
	ADD(s, from_the_beginning, 100);
	ADD_LOOP(s, in_the_middle, 100, (int)(sizeof(ways) / sizeof(*ways)));
	return s;
}
