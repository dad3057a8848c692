/* SPDX-License-Identifier: GPL-2.0-only
 *
 * server.pml - a server: what its user code does with the lists, WAIT, its end
 *
 * The user code is what the header asks for and no more: it looks at its list
 * and the group's before each WAIT, drains the list of a dead server it hears
 * of, and forgets a worker that WAIT refused with EAGAIN or ESRCH. It may wait
 * again without a look at its slot, and run something while something runs.
 */

/* umcg_list_take() and umcg_list_pop() of all of list @l */
inline take(s, l)
{
	hand[s] = hand[s] | list[l];
	list[l] = 0
}

/* The dead say so: their slots are taken and not switched to. */
inline drop_dead(s, w)
{
	if
	:: t[w].state == NONE -> hand[s] = hand[s] & ~BIT(w)
	:: else
	fi
}

inline take_all(s)
{
	take(s, s);
	take(s, GROUP);
	if
	:: hand[s] & BIT(OTHER(s)) ->
		hand[s] = hand[s] & ~BIT(OTHER(s));
		take(s, OTHER(s))
	:: else
	fi;
	drop_dead(s, W1);
	drop_dead(s, W2);
	drop_dead(s, W3)
}

/* has_reason_to_return() */
#ifndef MUT_IDLE_LATE
#define LISTS_EMPTY(s)	(list[s] == 0 && list[GROUP] == 0)
#else
#define LISTS_EMPTY(s)	(looked_empty)
#endif
#define HAS_REASON(s)	(t[s].pending || (t[s].idle && !LISTS_EMPTY(s)))

/* release(): thread->lock */
inline release(x)
{
	if
	:: !t[x].released && t[x].state != NONE ->
		t[x].released = 1;
		remote_locked(x);
		wakes_add(x)
	:: else
	fi
}

#undef GO
#if FINE_SERVERS
#define GO(label)	if :: MAY(FINE_SERVERS, me) -> goto label :: else -> goto label ## _now fi
#else
#define GO(label)	goto label ## _now
#endif

#if HANDS_OVER
#define GO_READ_NEXT	goto wait	/* a handoff may change it before it is read */
#else
#define GO_READ_NEXT	goto wait_now
#endif

proctype server(byte me)
{
	byte next;	/* what WAIT has read from its next_tid */
	byte asked;	/* the worker that user space wants to run */
	byte res;
#ifdef MUT_IDLE_LATE
	bit looked_empty;
#endif

user:	/* user mode */
	atomic {
		d_step { take_all(me) };
		if
		:: MAY(BLIND, me) && t[me].next_running	/* as before, unseen */
		:: t[me].peer != 0 ->			/* cur says that it runs */
			t[me].next = t[me].peer;
			t[me].next_running = 1
		:: (t[me].peer == 0 || MAY(BOLD, me)) && hand[me] != 0 ->
			if
			:: hand[me] & BIT(W1) -> asked = W1
			:: hand[me] & BIT(W2) -> asked = W2
			:: hand[me] & BIT(W3) -> asked = W3
			fi;
			t[me].next = asked;
			t[me].next_running = 0
		:: t[me].peer == 0 && hand[me] == 0 ->
			t[me].next = 0;
			t[me].next_running = 0
#if SERVERS_EXIT
		:: MAY(SERVERS_EXIT, me) && hand[me] == 0 -> goto leave_now
#endif
		fi;
		GO_READ_NEXT
	};

	/* server_wait(), server_begin() */
wait:	atomic {
		true;
wait_now:
		next = t[me].next;
		if
#if HANDLERS
		:: t[me].restart ->
			t[me].restart = 0;
			if
			:: t[me].next_running ->
				/* server_begin(): self->lock */
				sleep_begin_locked(me);
				GO(sleep)
			:: else -> GO(idle)
			fi
#endif
		:: !t[me].restart && t[me].next == 0 -> GO(idle)
		:: !t[me].restart && t[me].next != 0 && !t[me].next_running -> goto start_now
		:: !t[me].restart && t[me].next_running -> goto sleep_on_now
		fi
	};

start:	/* start(): worker->lock and self->lock */
	atomic {
		true;
start_now:
		atomic { d_step {
			startable_locked(next);
			if
#ifndef MUT_NO_EBUSY
			:: ret == OK && t[me].peer != 0 -> ret = EBUSY
#endif
			:: ret == OK ->
				start_locked(next, me);
				t[me].next = next;
				t[me].next_running = 1;
				sleep_begin_locked(me)
			:: else
			fi;
			res = ret;
			next = 0
		} };
		if
		:: res == OK -> GO(sleep)
		:: else -> goto back_now
		fi
	};

sleep_on: /* sleep_on(): self->lock */
	atomic {
		true;
sleep_on_now:
		atomic { d_step {
			if
#ifndef MUT_BIT31_ANY_SERVER
			:: t[me].peer == next ->
#else
			:: t[next].state == RUNNING ->
#endif
				sleep_begin_locked(me);
				res = OK
			:: else ->
				t[me].pending = 0;
				res = EAGAIN
			fi;
			next = 0
		} };
		if
		:: res == OK -> GO(sleep)
		:: else -> goto back_now
		fi
	};

idle:	/* idle(): umcg_idle_begin(), group->lock and server->lock */
	atomic {
		true;
idle_now:
#ifdef MUT_IDLE_LATE
		looked_empty = (list[me] == 0 && list[GROUP] == 0);
		goto publish
	};
publish:
	atomic {
		true;
#endif
		atomic { d_step {
			t[me].on_idle = 1;
			latest = (me == S2);
			t[me].idle = 1
		} };
		GO(idle_sleep)
	};
idle_sleep: /* idle(): self->lock */
	atomic {
		true;
idle_sleep_now:
		sleep_begin_locked(me);
		GO(sleep)
	};

sleep:	/* server_sleep(): set_current_state() */
	atomic {
		true;
sleep_now:
		t[me].sleepy = 1;
		GO(check)
	};
check:	/* server_sleep(): has_reason_to_return(), self->lock */
	atomic {
		true;
check_now:
		if
		:: d_step { HAS_REASON(me) -> t[me].pending = 0; res = OK }
		:: else ->
#ifdef MUT_SLEEPING_LATE
			goto publish_sleeping
#endif
			t[me].sleeping = 1;
			GO(schedule)
		fi;
		GO(awake)
	};
#ifdef MUT_SLEEPING_LATE
publish_sleeping:
	atomic {
		t[me].sleeping = 1;
		GO(schedule)
	};
#endif
schedule: /* server_sleep(): signal_pending(), or schedule() */
	atomic {
		true;
schedule_now:
		if
#if HANDLERS
		:: t[me].tif ->
			res = ERESTART;
			GO(awake)
#endif
		:: else ->
end_asleep:
			t[me].sleepy == 0 || t[me].tif;
			GO(sleep)
		fi
	};
awake:	/* umcg_sleep_end(): self->lock; until all that will wake it have done so */
	atomic {
		true;
awake_now:
		atomic { d_step {
			t[me].sleepy = 0;
			t[me].sleeping = 0;
			t[me].in_wait = 0
		} };
#ifndef MUT_NO_HANDSHAKE
		t[me].wakers == 0;
#endif
		GO(idle_end)
	};
idle_end: /* umcg_idle_end(): group->lock and server->lock */
	atomic {
		true;
idle_end_now:
		atomic { d_step {
#ifndef MUT_CHOICE_KEPT
			if
			:: res == ERESTART && t[me].idle && !t[me].on_idle ->
				idle_wake_locked(tmp)
			:: else
			fi;
#endif
			off_idle(me);
			t[me].idle = 0;
			t[me].restart = (res == ERESTART)
		} };
		goto back_now
	};

back:	/* in user mode again, by way of a signal or not */
	atomic {
		true;
back_now:
#if HANDLERS
		if
		:: t[me].restart ->
			t[me].tif = 0;
			if
			:: asked = 0; goto wait		/* none that has a handler */
			:: t[me].restart = 0		/* frame_probe() */
			:: MAY(STUCK, me) && t[me].next == 0 ->
				t[me].stuck = 1;
end_stuck:			false
			fi
		:: else
		fi;
#endif
		atomic { d_step {
			if
			:: asked != 0 && (res == OK || res == EAGAIN || res == ESRCH) ->
				hand[me] = hand[me] & ~BIT(asked)
			:: else
			fi;
			asked = 0;
			res = OK
		} };
		goto user
	};

leave:	/* close_server(): group->lock and server->lock */
#if SERVERS_EXIT
	atomic {
		true;
leave_now:
		atomic { d_step {
			off_idle(me);
			next = (t[OTHER(me)].dead -> GROUP : OTHER(me));	/* the heir */
			t[me].dead = 1;
			t[me].state = NONE;
			t[me].idle = 0;
			t[me].next = 0;
			t[me].next_running = 0;
			asked = t[me].peer
		} }
	};
	/* leave_server(): umcg_kick_worker(), worker->lock */
	d_step {
		if
		:: asked != 0 -> kick_worker(asked, me)
		:: else
		fi;
		asked = 0
	};
	if
	:: next != GROUP ->
		/* leave_server(): umcg_bury(), the heir's lock or group->lock */
		d_step { bury(me, next, 1); next = 0 }
	:: else ->
		/* umcg_group_end(): group->lock, then release() of each */
		ended = 1;
		d_step { release(W1) };
		d_step { release(W2) };
		d_step { release(W3) }
	fi;
	/* umcg_exit_fn(), finish(): irq_work_sync() */
	d_step { !t[me].irq_work && t[me].wakers == 0 -> t[me].gone = 1 }
#else
	skip
#endif
}
