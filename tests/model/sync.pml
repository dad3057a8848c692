/* SPDX-License-Identifier: GPL-2.0-only
 *
 * sync.pml - who waits for a mutex or a condition variable of libumcg-sync
 *
 * Not of the module: of that there is what a WAKE, a WAIT and the end of the group come
 * to. One step is one access that others act on (mutex.c, cond.c, waiters.c). The lock
 * of the waiters is real. A waiter that is not linked and not handed stays until it is.
 */
#define THREADS	3
#define NOBODY	3

/* the mutex's word */
#define FREE	0
#define LOCKED	1
#define WAITED	2

/* struct waiter::state */
#define AWAKE	0
#define PARKED	1
#define ASLEEP	2
#define HANDED	3

#define CHECK(name, condition)	assert(name || (condition))
hidden byte Two_inside;
hidden byte Waiter_lost;
hidden byte Node_gone;
hidden byte Overtaken;

/* What a scenario may say: */
#ifndef TIMED
#define TIMED	0	/* threads whose time may pass */
#endif
#ifndef ENDS
#define ENDS	0	/* yes: the group may end */
#endif
#ifndef POKES
#define POKES	0	/* others WAKE so often */
#endif
#ifndef ROUNDS
#define ROUNDS	2
#endif

/* A list of waiters: the mutex's is 0, the condition variable's 1. */
typedef list {
	bit held;
	byte n;
	byte who[THREADS];
}
list q[2];

typedef waiter {
	unsigned state : 2;
	bit linked;
	bit there;	/* not in the library: the node is on its stack */
	unsigned on : 1;
	/* the kernel's */
	bit token;
	bit in_wait;
	bit in_futex;
}
waiter w[THREADS];

byte word;
byte inside;
byte done;
byte tickets;
bit ended;

inline q_lock(l)
{
	atomic { !q[l].held -> q[l].held = 1 }
}

inline q_unlock(l)
{
	q[l].held = 0
}

inline link(l)
{
	d_step {
		w[me].there = 1;
		w[me].on = l;
		w[me].state = AWAKE;
		w[me].linked = 1;
		q[l].who[q[l].n] = me;
		q[l].n = q[l].n + 1
	}
}

/* Takes @x out, wherever it is. */
inline unlink(l, x)
{
	d_step {
		w[x].linked = 0;
		if
		:: q[l].who[0] == x -> q[l].who[0] = q[l].who[1]; q[l].who[1] = q[l].who[2]
		:: q[l].who[0] != x && q[l].who[1] == x -> q[l].who[1] = q[l].who[2]
		:: else
		fi;
		q[l].n = q[l].n - 1
	}
}

inline pop(l)
{
	if
	:: q[l].n ->
		next = q[l].who[0];
		CHECK(Node_gone, w[next].there);
		unlink(l, next)
	:: else -> next = NOBODY
	fi
}

/* waiter_hand(): one exchange, then what it says */
inline hand()
{
	atomic {
		CHECK(Node_gone, w[next].there);
		old = w[next].state;
		w[next].state = HANDED
	};
#ifdef MUT_SYNC_NODE_READ_LATE
	CHECK(Node_gone, w[next].there);
#endif
	if
	:: old == PARKED ->
		atomic {
			/* after the end: ESHUTDOWN, and nobody parks any more */
			if
			:: ended
			:: !ended && w[next].in_wait -> w[next].in_wait = 0
			:: else -> w[next].token = 1
			fi;
			next = 0;
			old = 0
		}
	:: old == ASLEEP -> atomic { w[next].in_futex = 0; next = 0; old = 0 }
	:: else -> atomic { next = 0; old = 0 }
	fi
}

/* waiter_sleep(): sets late if the time has passed */
inline sleep(may_be_late)
{
	late = 0;
	do
	/* publish(), by compare and exchange; then WAIT */
	:: ended -> goto_futex = 1; break
	:: !ended ->
#ifndef MUT_SYNC_PUBLISH_STORES
		atomic {
			if
			:: w[me].state == HANDED -> break
			:: else -> w[me].state = PARKED
			fi
		};
#else
		if
		:: w[me].state == HANDED -> break
		:: else
		fi;
		w[me].state = PARKED;
#endif
		atomic {
			if
			:: w[me].token -> w[me].token = 0
			:: !w[me].token && ended
			:: else -> w[me].in_wait = 1
			fi
		};
		if
		:: atomic { !w[me].in_wait }
		:: atomic { w[me].in_wait && ended -> w[me].in_wait = 0 }
		:: atomic { w[me].in_wait && may_be_late && (TIMED & (1 << me)) ->
			w[me].in_wait = 0; late = 1 }
		fi;
#ifdef MUT_SYNC_SPURIOUS
		break;
#endif
		if
		:: w[me].state == HANDED -> late = 0; break
		:: w[me].state != HANDED && late -> break
		:: else
		fi
	od;
	if
	:: goto_futex ->
		goto_futex = 0;
#ifndef MUT_SYNC_END_UNPUBLISHED
		atomic {
			if
			:: w[me].state == HANDED
			:: else -> w[me].state = ASLEEP
			fi
		};
#endif
		do
		:: w[me].state == HANDED -> break
		:: else ->
			atomic {
				if
				:: w[me].state != HANDED -> w[me].in_futex = 1
				:: else
				fi
			};
			if
			:: !w[me].in_futex
			:: atomic { w[me].in_futex && may_be_late && (TIMED & (1 << me)) ->
				w[me].in_futex = 0; late = 1; break }
			fi
		od
	:: else
	fi
}

/* give_up(): late stays set if it is gone */
inline give_up(l)
{
	q_lock(l);
	if
#ifdef MUT_SYNC_GIVES_UP_BLINDLY
	:: !w[me].linked
#endif
	:: w[me].linked ->
		unlink(l, me);
		if
		:: l == 0 && !q[l].n -> word = LOCKED
		:: else
		fi
	:: !w[me].linked -> late = 0
	fi;
	q_unlock(l);
	if
	:: !late -> sleep(0)
	:: else
	fi
}

/* For the condition variable the mutex is one step: its own scenarios have the rest. */
#ifdef COND
inline mutex_lock(may_be_late)
{
	atomic { word == FREE -> word = LOCKED }
}

inline mutex_unlock()
{
	word = FREE
}
#else
inline mutex_lock(may_be_late)
{
	if
	:: atomic { word == FREE -> word = LOCKED; got = 1 }
	:: atomic { word != FREE }
	fi;
	if
	:: !got ->
		q_lock(0);
		/* take_or_mark() */
		if
		:: atomic { word == FREE -> word = LOCKED; got = 1 }
		:: atomic { word == LOCKED -> word = WAITED }
		:: atomic { word == WAITED }
		fi;
		if
		:: !got -> link(0)
		:: else
		fi;
		q_unlock(0);
		if
		:: !got ->
			sleep(may_be_late);
			if
			:: late -> give_up(0)
			:: else
			fi;
			got = !late;
			w[me].there = 0
		:: else
		fi
	:: else
	fi;
	late = 0
}

inline mutex_unlock()
{
	do
	:: atomic { word == LOCKED -> word = FREE }; break
	:: word == WAITED ->
		q_lock(0);
		pop(0);
		if
		:: next != NOBODY && !q[0].n -> word = LOCKED
		:: else
		fi;
		q_unlock(0);
		if
		:: next != NOBODY -> hand(); break
		:: else -> next = 0
		fi
	od
}

#endif

inline critical_section()
{
	atomic { inside = inside + 1; CHECK(Two_inside, inside == 1) };
	inside = inside - 1
}

#ifndef COND
proctype thread(byte me)
{
	byte next;
	byte old;
	byte rounds;
	bit got;
	bit late;
	bit goto_futex;

	do
	:: rounds < ROUNDS ->
		mutex_lock(1);
		if
		:: got -> critical_section(); mutex_unlock()
		:: else
		fi;
		atomic { got = 0; rounds = rounds + 1 }
	:: else -> break
	od;
	done = done + 1
}
#else
/* Threads 0 and 1 wait for a ticket each, 0 for a time only; 2 gives two. */
proctype thread(byte me)
{
	byte next;
	byte old;
	byte given;
	bit late;
	bit goto_futex;

	if
	:: me == 2 ->
		do
		:: given < 2 ->
			mutex_lock(0);
			critical_section();
			tickets = tickets + 1;
			mutex_unlock();
			/* umcg_cond_signal(): nobody_waits() without the lock */
			if
			:: q[1].n ->
				q_lock(1);
				pop(1);
				q_unlock(1);
				if
				:: next != NOBODY -> hand()
				:: else -> next = 0
				fi
			:: else
			fi;
			given = given + 1
		:: else -> break
		od
	:: else ->
		mutex_lock(0);
		do
		:: tickets -> tickets = tickets - 1; break
		:: else ->
#ifdef MUT_SYNC_LINKED_LATE
			mutex_unlock();
#endif
			q_lock(1);
			link(1);
			q_unlock(1);
#ifndef MUT_SYNC_LINKED_LATE
			mutex_unlock();
#endif
			sleep(1);
			if
			:: late -> give_up(1)
			:: else
			fi;
			w[me].there = 0;
			/* to link on the mutex's list is not for a second node */
			given = late;
			mutex_lock(0);
			if
			:: given -> break
			:: else
			fi
		od;
		critical_section();
		mutex_unlock()
	fi;
	done = done + 1
}
#endif

/* The application's own WAKEs, and the end of the group, which releases all. */
proctype outside()
{
	byte pokes;
	byte x;

	do
	:: pokes < POKES ->
		if
		:: x = 0
		:: x = 1
		:: x = 2
		fi;
		atomic {
			if
			:: ended
			:: !ended && w[x].in_wait -> w[x].in_wait = 0
			:: else -> w[x].token = 1
			fi;
			pokes = pokes + 1;
			x = 0
		}
	:: atomic { ENDS && !ended -> ended = 1 }
	:: break
	od
}

proctype quiet()
{
	timeout -> CHECK(Waiter_lost, done == THREADS)
}

init {
	atomic {
		run thread(0);
		run thread(1);
		run thread(2);
#if POKES | ENDS
		run outside();
#endif
		run quiet()
	}
}
