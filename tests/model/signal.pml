/* SPDX-License-Identifier: GPL-2.0-only
 *
 * signal.pml - what signals do to a wait and a hold
 */

#define SIGNALLED(w)	(t[w].tif || t[w].killed)

/* recalc_sigpending() */
#define RECALC(w)	(t[w].sig || t[w].stop)

/* umcg_signal_wants(), siglock: sets interrupted */
inline signal_wants(w)
{
	t[w].tif = RECALC(w);
	if
#ifndef MUT_FRAME_EACH
	:: t[w].tif && (!t[w].frame || t[w].stop) -> interrupted = 1
	:: t[w].tif && t[w].frame && !t[w].stop ->
#else
	:: t[w].tif -> interrupted = 1
	:: false ->
#endif
		t[w].tif = 0;
		t[w].sig_hidden = 1
	:: else
	fi
}

/* umcg_signal_unhide(): get_signal() shall look, whatever it finds */
inline signal_unhide(w)
{
	if
	:: t[w].sig_hidden ->
		t[w].sig_hidden = 0;
#ifndef MUT_UNHIDE_RECALC
		t[w].tif = 1
#else
		t[w].tif = RECALC(w)
#endif
	:: else
	fi
}

/*
 * drop_wait_locked(), self->lock: the WAIT returns EINTR, or is called again. If
 * it was over, the one that follows must return at once.
 */
inline drop_wait_locked(w)
{
#ifndef MUT_EINTR_EATS_WAKE
#ifdef MUT_SWITCH_IN_DROP
	if
	:: !t[w].parked && !t[w].wait_result ->
		CHECK(Wakeup_without_cause, t[w].owed || t[w].cause);
		t[w].token = 1
	:: else
	fi;
#else
	if
	:: !enqueue && !t[w].parked && !t[w].wait_result ->
		CHECK(Wakeup_without_cause, t[w].owed || t[w].cause);
		t[w].token = 1
	:: else
	fi;
	/* From now on a WAKE is for the WAIT that follows. */
	t[w].parked = 0;
#endif
#endif
	t[w].restart = 0
}
