/* SPDX-License-Identifier: GPL-2.0-only
 *
 * worker.pml - a worker: its user code, WAIT, the hold, the way to user mode
 *
 * What the user code may do is up to the scenario, which gives for each deed the
 * set of workers that may do it. A worker can exit at any time, so whatever
 * state others have brought about, its consequences are seen in the end.
 */
/* what the worker sleeps in the module for */
#define HOLD	0	/* on its way to user mode */
#define PASS	1	/* umcg_pass_hold(), at the start of a call */
#define WAIT	2	/* WAIT itself */

/* inherit_locked(), also under server->lock: @srv now runs @target */
inline inherit_locked(w, target)
{
	/* the worker which gives it up does so in the same section */
	t[w].state = RUNNABLE;
	start_locked(target, srv);
	/* cmpxchg() of the server's next_tid */
	if
#ifndef MUT_NEXT_TID_STORED
	:: t[srv].next == w && t[srv].next_running -> t[srv].next = target
	:: else
#else
	:: true -> t[srv].next = target; t[srv].next_running = 1
#endif
	fi
}

/* stop_locked(): the lock of the worker, and of @target if it is not 0 */
inline stop_locked(w, target, enqueue)
{
	ret = OK;
	if
	:: t[w].released -> ret = ESHUTDOWN
#ifndef MUT_NO_PASS_HOLD
	:: !t[w].released && t[w].state != RUNNING -> ret = NOT_RUNNING
	:: !t[w].released && t[w].state == RUNNING && !enqueue && t[w].token ->
#else
	:: !t[w].released && !enqueue && t[w].token ->
#endif
		t[w].token = 0;
		ret = HAD_TOKEN
	:: else ->
		if
		:: target != 0 -> startable_locked(target)
		:: else
		fi;
		if
		:: ret == OK && t[w].timed_out -> ret = ETIMEDOUT
		:: else
		fi;
		if
#ifndef MUT_DEAD_TURN
		:: ret == OK && t[t[w].peer].dead ->
			preempt_locked(w);
			ret = NOT_RUNNING
		:: ret == OK && !t[t[w].peer].dead ->
#else
		:: ret == OK ->
#endif
			srv = t[w].peer;
			if
			:: target != 0 -> inherit_locked(w, target)
			:: else ->
				tell_stopped(srv);
				wakes_add(srv)
			fi;
			t[w].peer = 0;
			t[w].kicked = 0;
			t[w].wait_result = 0;
			t[w].won = 0;
			t[w].state = RUNNABLE;
			if
			:: enqueue -> queue_locked(w)
			:: else ->
				CHECK(Wakeup_lost, !t[w].owed && !t[w].cause);
				t[w].parked = 1
			fi;
			sleep_begin_locked(w)
		:: else
		fi
	fi
}

/* become_runnable(), worker->lock */
inline become_runnable(w)
{
	if
	:: t[w].released
#ifndef MUT_STATE_FIRST
	:: !t[w].released && t[w].state == BLOCKED ->
		t[w].state = RUNNABLE;
		queue_locked(w)
#else
	:: !t[w].released && was_blocked ->
		was_blocked = 0;
		queue_locked(w)
#endif
#ifdef MUT_SWITCH_IN_DROP
	:: !t[w].released && t[w].state != BLOCKED && t[w].parked && t[w].frame ->
		queue_locked(w)
#else
	:: !t[w].released && t[w].state == RUNNABLE && !t[w].queued && t[w].frame ->
		queue_locked(w)
#endif
	:: else
	fi;
	sleep_begin_locked(w)
}

/* leave_worker(): worker->lock, server->lock */
inline leave_worker(w)
{
	srv = GROUP;
	if
	:: t[w].state == RUNNING -> srv = t[w].peer
	:: else
	fi;
	t[w].state = NONE;
	t[w].parked = 0;
	t[w].peer = 0;
	if
	:: srv != GROUP ->
		tell_stopped(srv);
		wakes_add(srv)
	:: else
	fi;
	if
	:: (srv == GROUP || t[srv].dead) && !t[w].released ->
		tmp = t[w].home;
		bury(w, tmp, 0)
	:: else
	fi
}

#undef GO
#if FINE_WORKERS
#define GO(label)	if :: MAY(FINE_WORKERS, me) -> goto label :: else -> goto label ## _now fi
#else
#define GO(label)	goto label ## _now
#endif

proctype worker(byte me)
{
	byte res;
	byte target;
	unsigned why : 2;	/* HOLD, PASS, WAIT */
	bit enqueue;
	bit again;		/* WAIT is to be called once more */
	bit interrupted;
	bit in_signal;		/* within get_signal() */
#ifdef MUT_STATE_FIRST
	bit was_blocked;
#endif

	/* the way back from umcg_register() */
	goto to_user;

user:	/* user mode */
	atomic {
		if
		:: t[me].hold_work || t[me].remote_work || SIGNALLED(me) -> GO(to_user)
		:: !t[me].released && !again -> goto leave
#if BLOCKS | BLOCKS_AT_WAIT
		:: !t[me].released && !again && MAY((BLOCKS | BLOCKS_AT_WAIT), me) ->
			d_step { sched_out(me) };
			goto asleep
#endif
#if WAITS
		:: !t[me].released && !again && MAY(PARKS, me) -> GO(wait)
		:: !t[me].released && !again && MAY(YIELDS, me) -> enqueue = 1; GO(wait)
		:: !t[me].released && !again && MAY(HANDS_OVER, me) ->
			if
			:: me != W1 && MAY(TARGETS, W1) -> target = W1
			:: me != W2 && MAY(TARGETS, W2) -> target = W2
			:: me != W3 && MAY(TARGETS, W3) -> target = W3
			fi;
			if
			:: MAY(PARKS, me)
			:: MAY(YIELDS, me) -> enqueue = 1
			fi;
			GO(wait)
		:: !t[me].released && again -> GO(wait)
#if BLOCKS_AT_WAIT
		:: !t[me].released && again && MAY(BLOCKS_AT_WAIT, me) ->
			d_step { sched_out(me) };
			goto asleep
#endif
#endif
		fi
	};

asleep:	/* in a system call or fault; what it waits for comes: sched_in() */
#if BLOCKS | BLOCKS_AT_WAIT
	atomic {
		d_step { sched_in(me) };
		if
		:: GO(to_user)
#if BLOCKS_AT_WAIT
		:: MAY(BLOCKS_AT_WAIT, me) -> GO(wait)	/* it was at its entry */
#endif
		fi
	};
#endif

#if WAITS
	/*
	 * WAIT
	 */
wait:	/* umcg_worker_wait(), begin() */
	atomic {
		true;
wait_now:
		if
#if SIGNALS
		:: t[me].restart ->
			/* wait_on(): umcg_hold() */
			t[me].restart = 0;
			why = WAIT;
#ifdef MUT_RESTART_SKIPS_HOLD
			sleep_begin_locked(me);
			GO(sleep)
#else
			GO(hold)
#endif
#endif
		:: d_step { else ->
			/* cancel_timer(), hrtimer_start() */
			t[me].timed_out = 0;
			t[me].timer = MAY(TIMEOUTS, me) && !enqueue }
		fi;
		GO(stop)
	};
stop:	/* stop(): both workers' locks and server->lock */
	atomic {
		true;
stop_now:
		atomic { d_step {
			stop_locked(me, target, enqueue);
			res = ret
		} };
		if
		:: res == OK -> why = WAIT; goto sleep
		:: res == NOT_RUNNING -> goto pass
		:: else -> GO(waited)
		fi
	};

pass:	/* umcg_pass_hold() */
	atomic {
		true;
pass_now:
		if
		:: t[me].state == RUNNING -> GO(stop)
		:: else ->
			if
			:: t[me].released -> res = ESHUTDOWN; GO(waited)
			:: else -> why = PASS; GO(hold)
			fi
		fi
	};
#if SIGNALS
pass_left: /* umcg_pass_hold(), left for a signal: the call is made again */
	atomic {
		true;
		d_step {
			hold_arm(me);
			t[me].timer = 0;
			t[me].timed_out = 0;
			again = 1;
			res = OK
		};
		goto to_user
	};
#endif

ended_wait: /* end(): self->lock */
	atomic {
		true;
ended_wait_now:
		atomic { d_step {
			res = (t[me].wait_result -> ETIMEDOUT : OK);
			if
			:: t[me].released -> res = ESHUTDOWN
			:: !t[me].released && t[me].state != RUNNING -> res = ERESTART
			:: else
			fi;
			t[me].restart = (res == ERESTART)
		} };
		if
		:: res == ERESTART -> goto left_wait
		:: else -> GO(waited)
		fi
	};
left_wait: /* umcg_worker_wait(): umcg_hold_arm(). It will be called again. */
	atomic {
		true;
left_wait_now:
		atomic { d_step {
			hold_arm(me);
			target = 0;
			again = 1;
			res = OK
		} };
		goto to_user
	};

waited:	/* umcg_worker_wait(): cancel_timer(), and what the WAIT came to */
	atomic {
		true;
waited_now:
		atomic { d_step {
			t[me].timer = 0;
			t[me].timed_out = 0;
			if
			:: (res == OK || res == HAD_TOKEN) && !enqueue ->
				CHECK(Wakeup_without_cause,
				      res == HAD_TOKEN || t[me].owed || t[me].cause);
				t[me].owed = t[me].token;
				t[me].cause = 0
			:: res == ETIMEDOUT -> CHECK(Woken_but_timed_out, !t[me].won)
			:: else
			fi;
			t[me].won = 0;
			target = 0;
			enqueue = 0;
			again = 0;
			res = OK
		} };
		GO(to_user)
	};
#endif

	/*
	 * The hold, and sleeping in the module
	 */
hold:	/* umcg_hold(): become_runnable(), worker->lock */
	atomic {
		true;
hold_now:
#if defined(MUT_PUSH_UNLOCKED) || defined(MUT_SHARED_UNLOCKED)
		saw_idle[me] = (t[me].home == GROUP -> t[S1].on_idle || t[S2].on_idle :
						       t[t[me].home].idle);
		goto late
	};
late:
	atomic {
		true;
#endif
#ifdef MUT_STATE_FIRST
		if
		:: t[me].state == BLOCKED -> was_blocked = 1; t[me].state = RUNNABLE
		:: else
		fi;
		goto late
	};
late:
	atomic {
		true;
#endif
#ifdef MUT_DEATH_UNSERIALISED
		saw_dead[me] = t[me].home != GROUP && t[t[me].home].dead;
		goto late
	};
late:
	atomic {
		true;
#endif
		atomic { d_step { become_runnable(me) } };
		GO(sleep)
	};

sleep:	/* umcg_sleep_until_run(): interrupted(), siglock */
	atomic {
		true;
sleep_now:
#if SIGNALS
		atomic { d_step {
			interrupted = t[me].killed;
			if
			:: !t[me].killed && t[me].tif -> signal_wants(me)
			:: else
			fi
		} };
#endif
		GO(set_state)
	};
set_state: /* set_current_state() */
	atomic {
		true;
set_state_now:
		t[me].sleepy = 1;
		GO(check)
	};
check:	/* state and released are read; schedule() */
	atomic {
		true;
check_now:
		if
		:: t[me].state == RUNNING || t[me].released -> interrupted = 0
		:: else ->
			if
			:: interrupted -> goto awake
			:: else ->
end_asleep:
				t[me].sleepy == 0 || SIGNALLED(me);
				GO(sleep)
			fi
		fi;
		GO(awake)
	};
awake:	/* umcg_sleep_end(): self->lock; until all that will wake it have done so */
	atomic {
		true;
awake_now:
		atomic { d_step {
			t[me].sleepy = 0;
			t[me].in_wait = 0
		} };
#ifndef MUT_NO_HANDSHAKE
		t[me].wakers == 0;
#endif
#if SIGNALS
		d_step { signal_unhide(me) };
#endif
		if
#if WAITS
		:: why == WAIT -> why = HOLD; interrupted = 0; GO(ended_wait)
#if SIGNALS
		:: why == PASS && interrupted -> why = HOLD; interrupted = 0; goto pass_left
#endif
		:: why == PASS && !interrupted -> why = HOLD; GO(pass)
#endif
		:: why == HOLD ->
			interrupted = 0;
			GO(worked)
		fi
	};

	/*
	 * exit_to_user_mode_loop()
	 */
worked:	/* a task work has run, from there or from get_signal() */
	atomic {
		true;
worked_now:
		if
		:: in_signal -> GO(signal)
		:: else -> GO(to_user)
		fi
	};
to_user:
	atomic {
		true;
to_user_now:
		if
		:: SIGNALLED(me) -> in_signal = 1; GO(signal)
		:: t[me].hold_work -> GO(hold_fn)
		:: t[me].remote_work -> GO(remote_fn)
		:: !SIGNALLED(me) && !t[me].hold_work && !t[me].remote_work ->
			CHECK(User_code_unscheduled, t[me].state == RUNNING || t[me].released);
			goto user
		fi
	};

hold_fn: /* umcg_hold_fn() */
	atomic {
		true;
hold_fn_now:
		t[me].hold_work = 0;
		t[me].hold_claim = 0;
#ifdef MUT_ONE_HEAD
		if
		:: t[me].remote_claim -> t[me].remote_claim = 0; goto remote
		:: else
		fi;
#endif
		if
		:: t[me].state == RUNNING || t[me].released || t[me].killed -> GO(worked)
		:: else -> why = HOLD; GO(hold)
		fi
	};

remote_fn: /* umcg_remote_fn() */
	atomic {
		true;
remote_fn_now:
#if REMOTE
		t[me].remote_work = 0;
		t[me].remote_claim = 0;
		if
		:: t[me].released -> goto leave
		:: else -> goto remote
		fi
	};
remote:	/* umcg_remote_fn(): self->lock, then umcg_hold_arm() */
	atomic {
		true;
		d_step {
			if
#ifndef MUT_STALE_KICK
			:: t[me].state == RUNNING && t[me].kick_now ->
#else
			:: t[me].state == RUNNING ->
#endif
				CHECK(Stale_kick_preempts, t[me].kicked);
				preempt_locked(me)
			:: else
			fi;
			hold_arm(me)
		};
#endif
		goto worked
	};

	/*
	 * get_signal(), handle_signal()
	 */
signal:	/* get_signal(): task_work_run() */
	atomic {
		true;
signal_now:
#if SIGNALS
		if
		:: t[me].hold_work -> GO(hold_fn)
		:: t[me].remote_work -> GO(remote_fn)
		:: !t[me].hold_work && !t[me].remote_work && SIGNALLED(me) -> GO(relock)
		:: !t[me].hold_work && !t[me].remote_work && !SIGNALLED(me) ->
			in_signal = 0;
			GO(to_user)
		fi
	};
relock:	/* get_signal(): siglock; do_signal_stop() */
	atomic {
		true;
relock_now:
		if
		:: t[me].killed -> in_signal = 0; goto leave
		:: !t[me].killed && t[me].stop ->
			d_step {
				t[me].stop = 0;
				sched_out(me)
			}
		:: !t[me].killed && !t[me].stop -> GO(dequeue)
		fi
	};
	atomic {
		d_step { sched_in(me) };	/* SIGCONT */
		goto relock
	};

dequeue: /* get_signal(): dequeue_signal(), dequeue_probe() */
	atomic {
		true;
dequeue_now:
		atomic { d_step {
#ifndef MUT_NO_DEQUEUE_PROBE
			hold_arm(me);
#endif
			interrupted = t[me].sig;
			t[me].sig = 0;
			t[me].tif = RECALC(me)
		} };
		if
		:: !interrupted -> in_signal = 0; GO(to_user)
		:: interrupted -> interrupted = 0; GO(frame)
		:: interrupted && MAY(FRAME_FAULTS, me) ->
			interrupted = 0;
			d_step { sched_out(me) }	/* writing the frame faults */
		fi
	};
	atomic {
		d_step { sched_in(me) };
		goto frame
	};
frame:	/* signal_setup_done(): frame_probe(), self->lock */
	atomic {
		true;
frame_now:
		atomic { d_step {
			if
			:: t[me].restart -> drop_wait_locked(me)
			:: else
			fi;
			if
			:: t[me].state != RUNNING ->
#if !STOPS
				CHECK(Frames_stacked, !t[me].frame);
#endif
				t[me].frame = 1
			:: else
			fi;
			hold_arm(me);
			in_signal = 0
		} };
#endif
		goto to_user
	};

	/*
	 * The end
	 */
leave:	/* umcg_exit_fn(): leave_worker() */
	atomic {
		true;
		d_step {
			leave_worker(me);
			target = 0;
			enqueue = 0;
			again = 0
		}
	};
left:	/* umcg_exit_fn(): the works that were claimed run first; finish() */
	atomic {
#ifndef MUT_ONE_HEAD
		!t[me].remote_claim || t[me].remote_work;
#else
		!t[me].remote_claim || t[me].hold_work;
#endif
		d_step {
			t[me].remote_work = 0;
			t[me].remote_claim = 0;
			t[me].hold_work = 0;
			t[me].hold_claim = 0;
			t[me].timer = 0;
			t[me].tif = 0;
			t[me].restart = 0;
			t[me].gone = 1
		}
	}
}
