/* SPDX-License-Identifier: GPL-2.0-only
 *
 * queue.pml - what is done under the locks: queueing, starting, stopping, telling
 *
 * Every inline here is part of one atomic step, the critical section of whoever
 * uses it, and is named as the function of the module it stands for. The wake-up
 * that a section decides upon comes later, in its own step (world.pml).
 */

/* umcg_wakes_add() */
inline wakes_add(x)
{
	if
	:: (IS_SERVER(x) -> t[x].sleeping : t[x].in_wait) ->
		assert(t[x].wakers < 7);
		t[x].wakers = t[x].wakers + 1
	:: else
	fi
}

/* list.c: push() */
inline push(l, x)
{
	CHECK(Worker_on_two_lists, !QUEUED(x));
	CHECK(Worker_on_two_lists, t[x].state != RUNNING);	/* and on one */
	CHECK(Worker_on_the_list_of_a_busy_one,
	      !MAY(SHARED, l) || t[l].peer == 0 || t[x].state == NONE);
	list[l] = list[l] | BIT(x)
}

/* taken off @group->idle */
inline off_idle(s)
{
	t[s].on_idle = 0;
	latest = 0	/* with fewer than two it says nothing */
}

/* What umcg_idle_wake_locked() does with one server, unless @found already. */
inline idle_look(s, found)
{
	if
	:: !found && t[s].on_idle ->
		off_idle(s);
		if
		:: !t[s].pending ->
			t[s].pending = 1;
			wakes_add(s);
			found = 1
		:: else
		fi
	:: else
	fi
}

/* umcg_idle_wake_locked(): the latest idle server first */
inline idle_wake_locked(found)
{
	found = 0;
	if
	:: latest ->
		idle_look(S2, found);
		idle_look(S1, found)
	:: else ->
		idle_look(S1, found);
		idle_look(S2, found)
	fi
}

/* push_group() */
inline push_group(x)
{
	push(GROUP, x);
#ifndef MUT_PUSH_UNLOCKED
	idle_wake_locked(tmp)
#else
	if
	:: saw_idle[x] -> idle_wake_locked(tmp)
	:: else
	fi
#endif
}

/* push_server() of a server that lives; @event: is it told in any case? */
inline push_server(s, x, event)
{
	push(s, x);
	if
#ifndef MUT_PUSH_UNLOCKED
	:: t[s].idle || MAY(NOTIFY, s) || event ->
#else
	:: saw_idle[x] || MAY(NOTIFY, s) || event ->
#endif
		t[s].pending = 1;
		wakes_add(s)
	:: else
	fi
}

/* push_shared() */
inline push_shared(s, x)
{
	if
#ifndef MUT_SHARED_UNLOCKED
	:: t[s].idle && !t[s].pending && !t[s].dead ->
#else
	:: saw_idle[x] && !t[s].dead ->
#endif
		push(s, x);
		t[s].pending = 1;
		wakes_add(s)
	:: else -> push_group(x)
	fi
}

inline set_queued(x)
{
#ifndef MUT_NO_KERNEL_QUEUED
	t[x].queued = 1
#else
	skip
#endif
}

/* umcg_queue_locked() */
inline queue_locked(w)
{
	t[w].parked = 0;
	if
	:: t[w].queued		/* the event is added to the others */
	:: else ->
		set_queued(w);
		if
#if SHARED
		:: t[w].home != GROUP && MAY(SHARED, t[w].home) ->
			srv = t[w].home;
			push_shared(srv, w)
#endif
#ifndef MUT_DEATH_UNSERIALISED
		:: t[w].home != GROUP && !MAY(SHARED, t[w].home) && !t[t[w].home].dead ->
#else
		:: t[w].home != GROUP && !saw_dead[w] ->
#endif
			srv = t[w].home;
			push_server(srv, w, 0)
		:: else ->
			push_group(w)
		fi
	fi
}

/* umcg_bury(): @heir 0 is the group's list */
inline bury(x, heir, event)
{
	if
	:: t[x].queued && QUEUED(x)
	:: else ->
		set_queued(x);
		if
		:: heir != GROUP && !t[heir].dead -> push_server(heir, x, event)
		:: else -> push_group(x)
		fi
	fi
}

/* umcg_tell_locked(): its worker has stopped */
inline tell_stopped(s)
{
	t[s].peer = 0;
	t[s].pending = 1
}

/* umcg_startable_locked(), to @ret */
inline startable_locked(w)
{
	ret = OK;
	if
	:: t[w].released -> ret = ESHUTDOWN
	:: else ->
		if
		:: t[w].state == NONE -> ret = ESRCH
		:: t[w].state == RUNNING || t[w].state == BLOCKED -> ret = EAGAIN
		:: else ->
			if
#ifndef MUT_QUEUED_IGNORED
			:: t[w].queued && QUEUED(w) -> ret = EAGAIN
#endif
			:: else ->
				if
#ifndef MUT_AWAY_IGNORED
				:: t[w].away ->
					t[w].state = BLOCKED;
					t[w].queued = 0;
					t[w].cause = t[w].cause || t[w].parked;
					t[w].parked = 0;
					ret = EAGAIN
#endif
				:: else
				fi
			fi
		fi
	fi
}

/* umcg_start_locked(): @w runs under @s */
inline start_locked(w, s)
{
	CHECK(Two_running_under_one_server,
	      !RUNS_UNDER(W1, s) && !RUNS_UNDER(W2, s) && !RUNS_UNDER(W3, s));
	CHECK(Worker_on_two_lists, !QUEUED(w));	/* RUNNING and on one */
	CHECK(Started_while_asleep, !t[w].foreign);
	CHECK(Started_under_a_dead_server, !t[s].dead);
#ifndef MUT_SWITCH_EATS_WAIT
	if
	:: t[w].frame && !t[w].queued -> t[w].token = 1
	:: else
	fi;
#endif
	t[w].peer = s;
	/* parked, or it was until its frame was built */
	t[w].cause = t[w].cause || t[w].parked || (t[w].frame && !t[w].queued);
	t[w].queued = 0;
	t[w].parked = 0;
	t[w].frame = 0;
	t[w].kick_now = 0;	/* run++ */
	t[w].kicked = 0;
	t[w].state = RUNNING;
	t[s].peer = w;		/* umcg_tell_locked() */
	wakes_add(w)
}

/* umcg_preempt_locked() */
inline preempt_locked(w)
{
	srv = t[w].peer;
	t[w].peer = 0;
	t[w].kicked = 0;
	t[w].state = RUNNABLE;
	tell_stopped(srv);
	wakes_add(srv);
	queue_locked(w)
}

/* umcg_block_locked() */
inline block_locked(w)
{
	srv = t[w].peer;
#ifndef MUT_NO_PASS_HOLD
	t[w].peer = 0;
#endif
	t[w].kicked = 0;
	t[w].state = BLOCKED;
	tell_stopped(srv);
	if
	:: !t[srv].dead && t[srv].sleeping -> t[srv].irq_work = 1
	:: else
	fi
}

/*
 * umcg_remote_locked(): claims. umcg_remote_add() follows without the lock, in a
 * step of its own (world.pml): claimed and not there means that it is to come.
 */
inline remote_locked(x)
{
#ifndef MUT_ONE_HEAD
	t[x].remote_claim = 1
#else
	if
	:: !t[x].hold_claim ->
		t[x].hold_claim = 1;
		t[x].remote_claim = 1
	:: else
	fi
#endif
}

/* umcg_kick_worker(), under worker->lock; @s: only if it runs under it, or 0 */
inline kick_worker(w, s)
{
	if
	:: t[w].state == RUNNING && (s == 0 || t[w].peer == s) ->
		t[w].kick_now = 1;
		t[w].kicked = 1;
		remote_locked(w)
	:: else
	fi
}

/* umcg_hold_arm(): by itself, so nobody sees it between claim and add */
inline hold_arm(w)
{
	if
	:: t[w].state != RUNNING && t[w].state != NONE && !t[w].hold_claim ->
		t[w].hold_claim = 1;
		t[w].hold_work = 1
	:: else
	fi
}

/* umcg_sleep_begin_locked() */
inline sleep_begin_locked(x)
{
	t[x].in_wait = 1
}

/* sched_out(): the worker sleeps, and not in the module */
inline sched_out(w)
{
	if
	:: t[w].state == RUNNING -> block_locked(w)
	:: t[w].state == RUNNABLE -> t[w].away = 1
	:: else
	fi;
	t[w].foreign = 1
}

/* sched_in() */
inline sched_in(w)
{
	t[w].foreign = 0;
	t[w].away = 0;
	hold_arm(w)
}
