/* SPDX-License-Identifier: GPL-2.0-only
 *
 * thread.pml - what is known of every thread, and what must hold
 *
 * A slot's index and a thread's id are one number here. Lists are sets: how a
 * list is linked, and what user space can see of a push that is not finished,
 * is checked in lists.pml.
 */
#define GROUP	0	/* the list in the header's slot */
#define S1	1
#define S2	2
#define W1	3
#define IS_SERVER(x)	((x) < W1)
#define W2	4
#define W3	5
#define THREADS	6

#define BIT(x)		(1 << (x))
#define WORKERS		(BIT(W1) | BIT(W2) | BIT(W3))
#define OTHER(s)	(3 - (s))	/* server */

/* umcg_thread::state */
#define NONE		0
#define RUNNING		1
#define RUNNABLE	2
#define BLOCKED		3

/* what a call, or a part of one, came to */
#define OK		0
#define EAGAIN		1
#define ESRCH		2
#define EBUSY		3
#define ESHUTDOWN	4
#define ETIMEDOUT	5
#define HAD_TOKEN	6
#define NOT_RUNNING	7
#define ERESTART	8	/* -ERESTARTNOHAND */

typedef thread {
	/* struct umcg_thread */
	unsigned state : 2;
	unsigned wakers : 3;	/* decided to wake it, have not done so yet */
	unsigned peer : 3;	/* worker: @server; server: @running */
	unsigned home : 2;
	bit in_wait;
	bit released;
	bit queued;
	bit parked;
	bit away;
	bit token;
	bit frame;
	bit timed_out;
	bit restart;
	bit wait_result;	/* 1: ETIMEDOUT */
	bit pending;
	bit sleeping;
	bit idle;
	bit dead;
	bit kick_now;		/* @kick_run == @run */
	bit hold_claim;
	bit hold_work;		/* @hold is queued as task work */
	bit remote_claim;
	bit remote_work;
	bit timer;		/* started */
	bit irq_work;		/* queued */
	bit on_idle;		/* on @group->idle */
	bit sig_hidden;

	/* its slot: next_tid is next and bit 31. On a list: see QUEUED() */
	unsigned next : 3;
	bit next_running;

	/* its task_struct */
	bit sleepy;		/* __state is not TASK_RUNNING */
	bit foreign;		/* asleep elsewhere than in the module */
	bit tif;		/* TIF_SIGPENDING */
	bit sig;		/* a signal with a handler is pending */
	bit stop;		/* a signal that stops it is pending */
	bit killed;
	bit stuck;		/* server: in a handler that does not end */
	bit gone;		/* finish() is over: nobody may touch it */

	/* what the properties go by, not in the module */
	bit owed;		/* a WAKE came after its WAIT returned last */
	bit cause;		/* or else somebody took it out of a park */
	bit won;		/* WAKE found it parked */
	bit kicked;		/* this run was kicked */
};

thread t[THREADS];
byte list[3];	/* sets of slots: group list, S1's, S2's */
byte hand[3];	/* servers: taken from a list, not switched to yet */
bit latest;	/* the newest on @group->idle: 0 S1, 1 S2 */
bit ended;	/* group->ended */

#if defined(MUT_PUSH_UNLOCKED) || defined(MUT_SHARED_UNLOCKED)
bit saw_idle[THREADS];	/* by the worker, before it pushes */
#endif
#ifdef MUT_DEATH_UNSERIALISED
bit saw_dead[THREADS];
#endif

/* scratch of one step */
hidden byte tmp;
hidden byte srv;
hidden byte ret;

#define ON(x, l)	((list[l] & BIT(x)) != 0)
#define QUEUED(x)	(((list[0] | list[1] | list[2]) & BIT(x)) != 0)
#define IN_HAND(x)	(((hand[S1] | hand[S2]) & BIT(x)) != 0)
#define RUNS_UNDER(w, s) (t[w].state == RUNNING && t[w].peer == (s))

#define MAY(set, x)	(((set) & BIT(x)) != 0)

/*
 * How finely the steps are cut. A step of the model ends where the code drops a
 * lock or publishes something; what a thread does alone after that is part of its
 * next step. For threads in FINE_SERVERS, FINE_WORKERS every GO() ends a step.
 * Others go on in the same step, over a label to the one that ends in _now: where
 * what everybody else could do in between they can as well do before or after.
 */

/*
 * The properties. Their names are constants, always false, that only stand in
 * the assertions so that pan names what was violated.
 */
#define CHECK(name, condition)	assert(name || (condition))

hidden byte Two_running_under_one_server;
hidden byte User_code_unscheduled;
hidden byte Started_while_asleep;
hidden byte Started_under_a_dead_server;
hidden byte Worker_on_two_lists;
hidden byte Worker_on_the_list_of_a_busy_one;
hidden byte Worker_lost;
hidden byte Wakeup_lost;
hidden byte Wakeup_without_cause;
hidden byte Woken_but_timed_out;
hidden byte Server_asleep_with_work;
hidden byte Server_asleep_with_nothing_running;
hidden byte Stranded_by_the_end;
hidden byte Foreign_sleep_woken;
hidden byte Stale_kick_preempts;
hidden byte Frames_stacked;
hidden byte Gone_thread_touched;
