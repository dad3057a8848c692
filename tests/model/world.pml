/* SPDX-License-Identifier: GPL-2.0-only
 *
 * world.pml - the rest: what is decided and follows later, other threads, the end
 */

#ifndef MUT_NO_HANDSHAKE
#define GONE_CHECK(condition)	CHECK(Gone_thread_touched, condition)
#else
#define GONE_CHECK(condition)	skip	/* the other one is what is looked for */
#endif

/* umcg_wakes_run(): a wake-up that was decided under a lock */
#define WAKE_UP(x) \
	:: d_step { t[x].wakers > 0 -> \
		CHECK(Foreign_sleep_woken, !t[x].foreign); \
		GONE_CHECK(!t[x].gone); \
		t[x].sleepy = 0; \
		t[x].wakers = t[x].wakers - 1 }

/* umcg_server_irq_work(), server->lock: as late as it likes */
#define IRQ_WORK(s) \
	:: d_step { t[s].irq_work -> \
		CHECK(Gone_thread_touched, !t[s].gone); \
		t[s].irq_work = 0; \
		if \
		:: t[s].pending -> wakes_add(s) \
		:: else \
		fi }

/* umcg_remote_add() */
#ifndef MUT_ONE_HEAD
#define REMOTE_ADD(w) \
	:: d_step { t[w].remote_claim && !t[w].remote_work -> \
		CHECK(Gone_thread_touched, !t[w].gone); \
		t[w].remote_work = 1 }
#else
#define REMOTE_ADD(w) \
	:: d_step { t[w].remote_claim && !t[w].hold_work -> \
		CHECK(Gone_thread_touched, !t[w].gone); \
		t[w].hold_work = 1 }
#endif

/* umcg_wait_timer(), self->lock */
#define TIMER(w) \
	:: d_step { t[w].timer -> \
		CHECK(Gone_thread_touched, !t[w].gone); \
		t[w].timer = 0; \
		if \
		:: t[w].parked -> \
			t[w].wait_result = 1; \
			queue_locked(w) \
		:: else -> t[w].timed_out = 1 \
		fi }

/* CPUs, which do what was handed to them: it always happens, and at any time. */
proctype cpus()
{
end_cpus:
	do
	WAKE_UP(S1)
	WAKE_UP(S2)
	WAKE_UP(W1)
	WAKE_UP(W2)
	WAKE_UP(W3)
	IRQ_WORK(S1)
	IRQ_WORK(S2)
#if REMOTE
	REMOTE_ADD(W1)
	REMOTE_ADD(W2)
	REMOTE_ADD(W3)
#endif
#if TIMEOUTS
	TIMER(W1)
	TIMER(W2)
	TIMER(W3)
#endif
	od
}

/* wake_worker(), worker->lock */
inline wake_worker(w)
{
	if
	:: t[w].state == NONE
	:: t[w].state != NONE && t[w].parked ->
		t[w].owed = 1;
		t[w].won = 1;
		queue_locked(w)
	:: else ->
		t[w].owed = 1;
#ifndef MUT_NO_TOKEN
		t[w].token = 1
#endif
	fi
}

/* Other threads of the process. They may stop at any time, so they prevent no end. */
#define OUTSIDE_WORKER(w) \
	:: MAY(WOKEN, w) -> d_step { wake_worker(w) } \
	:: MAY(KICKS, w) -> d_step { kick_worker(w, 0) } \
	:: MAY(KILLS, w) && t[w].state != NONE && !t[w].killed -> t[w].killed = 1 \
	:: MAY(HANDLERS, w) && !t[w].sig && !t[w].gone -> d_step { t[w].sig = 1; t[w].tif = 1 } \
	:: MAY(STOLEN, w) && t[w].sig -> t[w].sig = 0 \
	:: MAY(STOPS, w) && !t[w].stop && !t[w].gone -> d_step { t[w].stop = 1; t[w].tif = 1 } \
	:: MAY(STOPS, w) && t[w].stop -> t[w].stop = 0

#define OUTSIDE_SERVER(s) \
	/* kick_server(), server->lock */ \
	:: MAY(KICKS, s) && !t[s].dead && t[s].wakers < 2 -> d_step { t[s].pending = 1; wakes_add(s) } \
	:: MAY(HANDLERS, s) && !t[s].dead && !t[s].tif -> t[s].tif = 1

proctype outside()
{
	do
	:: atomic {
		if
		OUTSIDE_WORKER(W1)
		OUTSIDE_WORKER(W2)
		OUTSIDE_WORKER(W3)
		OUTSIDE_SERVER(S1)
		OUTSIDE_SERVER(S2)
		/* wake_idle_server(), group->lock */
		:: WAKES_IDLE -> d_step { idle_wake_locked(tmp) }
		fi }
	:: break
	od
}

/* When nothing moves any more: where is everybody? */
#define QUIET_WORKER(w) \
	if \
	:: t[w].state == NONE \
	:: t[w].state != NONE && (t[w].released || ended) -> \
		CHECK(Stranded_by_the_end, 0) \
	:: t[w].state == RUNNING && !t[w].released && !ended -> \
		CHECK(Wakeup_lost, 0) \
	:: t[w].state == RUNNABLE && !t[w].released && !ended && t[w].parked -> \
		CHECK(Wakeup_lost, !t[w].owed && !t[w].token); \
		CHECK(Worker_lost, !t[w].queued && !QUEUED(w)) \
	:: else -> \
		CHECK(Server_asleep_with_work, !ON(w, GROUP) && \
		      (!ON(w, S1) || t[S1].dead) && (!ON(w, S2) || t[S2].dead)); \
		CHECK(Server_asleep_with_nothing_running, !IN_HAND(w)); \
		CHECK(Worker_lost, 0) \
	fi

#define QUIET_SERVER(s) \
	CHECK(Server_asleep_with_nothing_running, \
	      t[s].dead || t[s].idle || t[s].stuck); \
	CHECK(Server_asleep_with_work, t[s].dead || t[s].stuck || \
	      (list[s] == 0 && (list[GROUP] == 0)))

proctype quiet()
{
	timeout -> d_step {
		QUIET_WORKER(W1);
		QUIET_WORKER(W2);
		QUIET_WORKER(W3);
		QUIET_SERVER(S1);
		QUIET_SERVER(S2)
	}
}
