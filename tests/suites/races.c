// SPDX-License-Identifier: GPL-2.0-only
/* vm: --smp 2 */
/* vm: --smp 1 --icount */
/*
 * A worker's timeout against all else that ends its WAIT: each time one of the
 * two has won, and just one, and the result says which. What comes too late is
 * not lost: the WAKE is kept as a token, the signal is handled.
 *
 * A million of each by hand: tests/vm/run --icount --timeout 9999 -- sh -c \
 *	"modprobe umcg; UMCG_DUELS=10 CK_TIMEOUT_MULTIPLIER=100 build/tests/races"
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "duel.h"
#include "proc.h"
#include "sigtimer.h"
#include "suite.h"

static struct umcg_group *group;
static struct server boss;
static struct duel duel;

/**
 * struct waiter - a worker that waits, again and again
 * @timed:	with a timeout, @due
 * @turn:	counts how often somebody has run it; it is written before that
 * @at_once:	WAITs that returned 0 without stopping it: a token
 * @results:	of the others, how many were 0, ETIMEDOUT, EINTR
 */
static struct waiter {
	struct worker worker;
	bool timed;
	__u64 due;
	unsigned int turn;
	unsigned long at_once;
	unsigned long results[3];
	int last;
} waiter;

enum { ZERO, TIMED_OUT, INTERRUPTED };

static unsigned int handled;

static void handler(int signal)
{
	(void)signal;
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
	/* whoever runs a handler has been scheduled */
	expect_eq(worker_state(&waiter.worker), UMCG_TASK_RUNNING);
}

static int kind_of(int result)
{
	switch (result) {
	case 0:
		return ZERO;
	case -ETIMEDOUT:
		return TIMED_OUT;
	case -EINTR:
		return INTERRUPTED;
	}
	ck_abort_msg("a WAIT came to %d", result);
}

static unsigned int turn_now(void)
{
	return __atomic_load_n(&waiter.turn, __ATOMIC_SEQ_CST);
}

static long wait_on(struct worker *w)
{
	struct waiter *me = (struct waiter *)w;
	unsigned int turn;
	__u64 timeout = 0;

	for (;;) {
		turn = turn_now();
		if (me->timed) {
			me->due = now() + duel.lead;
			timeout = me->due;
		}
		me->last = umcg_run(group, worker_slot(w), 0, 0, timeout);
		/* who has run it has the score; nobody has: it is ours */
		if (turn_now() != turn)
			me->results[kind_of(me->last)]++;
		else if (!me->last)
			me->at_once++;
		else if (kind_of(me->last) == TIMED_OUT)
			duel_late(&duel);
	}
	return 0;
}

static void begin(const char *name, bool timed)
{
	group = open_group();
	server_start(&boss, group);
	waiter.timed = timed;
	waiter.worker.run = wait_on;
	worker_hire(&boss, &waiter.worker);
	duel_begin(&duel, name, DUELS);
	/* the timer is the waiter's processor's, the other comes from elsewhere */
	if (cpu_count() > 1) {
		pin(waiter.worker.tid, 1);
		pin(0, 0);
	}
}

static void take_turn(void)
{
	__atomic_add_fetch(&waiter.turn, 1, __ATOMIC_SEQ_CST);
}

/* Run it to its next WAIT. */
static void run_waiter(void)
{
	take_turn();
	ck_assert_int_eq(server_run(&boss, &waiter.worker), UMCG_CUR_WAIT);
}

/* It is on the list, once, and this is why. */
static __u32 why_queued(void)
{
	__u32 events = 0x5a5a;

	expect(server_next(&boss, &events) == &waiter.worker);
	server_expect_none(&boss);
	expect_eq(worker_state(&waiter.worker), UMCG_TASK_RUNNABLE);
	return events;
}

static unsigned long waits(void)
{
	return waiter.results[ZERO] + waiter.results[TIMED_OUT] +
	       waiter.results[INTERRUPTED];
}

START_TEST(timeout_and_wake)
{
	int woken;

	begin("timeout to WAKE", true);
	run_waiter();
	while (duel_goes_on(&duel)) {
		duel_sleep(&duel, waiter.due);
		woken = umcg_wake(group, waiter.worker.tid);
		if (!woken) {
			expect_eq(why_queued(), UMCG_EV_QUEUED | UMCG_EV_WAKE);
		} else {
			expect_eq(woken, 1);
			expect_eq(why_queued(),
				  UMCG_EV_QUEUED | UMCG_EV_TIMEOUT);
		}
		duel_won(&duel, !woken);
		run_waiter();
		expect_eq(waits(), duel.rounds);
		expect_eq(waiter.results[ZERO], duel.wins[1]);
		expect_eq(waiter.results[TIMED_OUT], duel.wins[0]);
		/* those that came too late have each ended one WAIT more */
		expect_eq(waiter.at_once, duel.wins[0]);
	}
	duel_finish(&duel);
}
END_TEST

/* Sleeps without its server knowing, then hands over; parks if it could not. */
static long hand_over(struct worker *w)
{
	struct umcg_task *me = worker_slot(w);

	for (;;) {
		umcg_section_begin(me);
		duel_sleep(&duel, waiter.due);
		take_turn();
		w->result = umcg_run(group, me, waiter.worker.tid, 0, 0);
		if (!w->result)
			continue;
		expect_eq(w->result, -EAGAIN);
		expect_eq(me->next_tid, waiter.worker.tid);
		expect_eq(umcg_section_end(group, me), 0);
		worker_park(w);
	}
	return 0;
}

START_TEST(timeout_and_handoff)
{
	struct worker giver = { .run = hand_over };
	__u32 cur;

	begin("timeout to handoff", true);
	worker_hire(&boss, &giver);
	run_waiter();
	while (duel_goes_on(&duel)) {
		expect_eq(server_switch(&boss, &giver, 0), 0);
		while (UMCG_CUR_WHY(cur = umcg_cur(boss.self)) ==
		       UMCG_CUR_RUNNING)
			umcg_wait(group, 0, 0);
		expect_eq(UMCG_CUR_WHY(cur), UMCG_CUR_WAIT);
		if (UMCG_CUR_SLOT(cur) == waiter.worker.args.slot) {
			/* it ran, and waits again; nobody was queued */
			expect_eq(umcg_next_tid(boss.self),
				  waiter.worker.tid | UMCG_TID_RUNNING);
			duel_won(&duel, 1);
		} else {
			expect_eq(UMCG_CUR_SLOT(cur), giver.args.slot);
			expect_eq(why_queued(),
				  UMCG_EV_QUEUED | UMCG_EV_TIMEOUT);
			duel_won(&duel, 0);
			run_waiter();
		}
		expect_eq(waits(), duel.rounds);
		expect_eq(waiter.results[ZERO], duel.wins[1]);
		expect_eq(waiter.results[TIMED_OUT], duel.wins[0]);
	}
	ck_assert_uint_eq(waiter.at_once, 0);
	duel_finish(&duel);
}
END_TEST

static void handle(void)
{
	struct sigaction sa = { .sa_handler = handler };

	expect_sys(sigaction(SIGUSR1, &sa, NULL));
}

START_TEST(timeout_and_signal)
{
	__u32 why;

	handle();
	begin("timeout to signal", true);
	run_waiter();
	while (duel_goes_on(&duel)) {
		duel_sleep(&duel, waiter.due);
		expect(!pthread_kill(waiter.worker.thread, SIGUSR1));
		why = why_queued();
		if (why != (UMCG_EV_QUEUED | UMCG_EV_TIMEOUT))
			expect_eq(why, UMCG_EV_QUEUED | UMCG_EV_SIGNAL);
		duel_won(&duel, !!(why & UMCG_EV_SIGNAL));
		expect_eq(handled, duel.rounds - 1);
		run_waiter();
		expect_eq(handled, duel.rounds);
		expect_eq(waits(), duel.rounds);
		/* a signal that came second may still be handled in the WAIT */
		expect(waiter.results[INTERRUPTED] >= duel.wins[1]);
		expect_eq(waiter.results[ZERO], 0);
		expect_eq(waiter.at_once, 0);
	}
	duel_finish(&duel);
}
END_TEST

/* A WAIT that ends with EINTR has taken no WAKE along: the next one has it. */
START_TEST(signal_and_wake)
{
	timer_t timer;
	__u32 why;
	__u64 due;
	int woken;

	handle();
	begin("signal to WAKE", false);
	timer = sigtimer_for(waiter.worker.tid, SIGUSR1);
	run_waiter();
	while (duel_goes_on(&duel)) {
		due = now() + duel.lead;
		sigtimer_at(timer, due);
		duel_sleep(&duel, due);
		woken = umcg_wake(group, waiter.worker.tid);
		why = why_queued();
		expect_eq(why & ~(UMCG_EV_WAKE | UMCG_EV_SIGNAL),
			  UMCG_EV_QUEUED);
		expect(woken == 1 || (why & UMCG_EV_WAKE));
		duel_won(&duel, !woken);
		run_waiter();
		/* one WAIT returned 0 for the WAKE, or it is lost */
		expect_eq(waiter.results[ZERO] + waiter.at_once, duel.rounds);
		if (handled < duel.rounds) {
			/* the signal came later still, and ends the next WAIT */
			expect_eq(why_queued(),
				  UMCG_EV_QUEUED | UMCG_EV_SIGNAL);
			run_waiter();
		}
		expect_eq(handled, duel.rounds);
		expect_eq(waiter.results[ZERO] + waiter.at_once, duel.rounds);
	}
	duel_finish(&duel);
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("races");

	ADD(s, timeout_and_wake, 200);
	ADD(s, timeout_and_handoff, 200);
	ADD(s, timeout_and_signal, 200);
	ADD(s, signal_and_wake, 200);
	return s;
}
