/* SPDX-License-Identifier: GPL-2.0-only
 *
 * lists.pml - the lists, store by store
 *
 * What umcg.pml takes for one step, a push and the taking of a list, is here cut
 * into what the other side can see of it: the locks are real, the stores of the
 * kernel and the loads of the library interleave. All else is left out: nobody
 * sleeps, a worker that is started runs until it blocks or ends.
 */
#define GROUP	0
#define S1	1
#define S2	2
#define W1	3
#define W2	4
#define W3	5
#define SLOTS	6
#define END	6	/* UMCG_LIST_END */
#define PENDING	7	/* UMCG_LIST_PENDING */

#define NONE		0
#define RUNNING		1
#define RUNNABLE	2
#define BLOCKED		3

#define CHECK(name, condition)	assert(name || (condition))
hidden byte Worker_on_two_lists;
hidden byte Worker_lost;
hidden byte Chain_broken;

typedef slot {
	/* the slot */
	unsigned link : 3;
	unsigned head : 3;
	bit flag_queued;	/* UMCG_EV_QUEUED */
	/* struct umcg_thread */
	unsigned state : 2;
	unsigned home : 2;
	bit queued;
	bit dead;
	bit lock;
	bit killed;
	/* not in the module: pushed, and not popped since */
	bit listed;
}
slot t[SLOTS];		/* 0: the header, and group->lock */

/* What a scenario may say: */
#ifndef STEALS
#define STEALS	0	/* servers that also take the other's list */
#endif
#ifndef EXITS
#define EXITS	0	/* servers that unregister, while the other one stays */
#endif
#ifndef BY_TID
#define BY_TID	0	/* yes: workers are also switched to by tid */
#endif
#ifndef KILLS
#define KILLS	0	/* yes: a worker is killed while it is queued, or taken */
#endif

/*
 * push(), by a worker or a dying server, under the list's lock, and the worker's:
 * three stores that the other side may see one by one.
 */
inline push(l, x)
{
	t[x].link = PENDING;
	atomic {	/* xchg() */
		old = t[l].head;
		t[l].head = x;
		CHECK(Worker_on_two_lists, !t[x].listed);
		t[x].listed = 1
	};
	atomic {
		t[x].link = old;
		old = 0;
		t[l].lock = 0
	}
}

proctype worker(byte w)
{
	byte list;
	byte old;
	bit saw_dead;

blocked: /* become_runnable(), umcg_queue_locked(): self->lock */
#ifdef MUT_DEATH_UNSERIALISED
	saw_dead = t[t[w].home].dead;
#endif
	atomic {
		!t[w].lock -> t[w].lock = 1;
		t[w].state = RUNNABLE
	};
queue:	atomic {
		if
		:: t[w].queued -> t[w].lock = 0; goto held
		:: else
		fi;
#ifndef MUT_NO_KERNEL_QUEUED
		t[w].queued = 1;
#endif
		t[w].flag_queued = 1
	};
to_list: /* push_server(): server->lock */
	atomic {
		!t[t[w].home].lock;
		list = t[w].home;
#ifndef MUT_DEATH_UNSERIALISED
		if
		:: t[list].dead -> goto to_group
		:: else -> t[list].lock = 1; goto onto
		fi
#else
		if
		:: saw_dead -> goto to_group
		:: else -> t[list].lock = 1; goto onto
		fi
#endif
	};
to_group: /* push_group(): group->lock */
	atomic {
		!t[GROUP].lock -> t[GROUP].lock = 1;
		list = GROUP
	};
onto:	push(list, w);
	atomic { t[w].lock = 0; list = 0 };

held:	if
	:: atomic { t[w].state == RUNNING && !t[w].lock }
	/* leave_worker(), umcg_bury(): killed while it is queued, or taken */
	:: atomic { t[w].state == RUNNABLE && !t[w].lock && t[w].killed ->
		t[w].lock = 1;
		t[w].state = NONE;
		if
		:: t[w].queued && t[w].flag_queued -> t[w].lock = 0; goto dead
		:: else ->
			t[w].queued = 1;
			t[w].flag_queued = 1;
			goto to_list
		fi }
	:: t[w].state == NONE -> goto dead
	fi;

	/* user code */
	if
	:: atomic { !t[w].lock -> t[w].state = BLOCKED };	/* sched_out() */
		goto blocked
	:: atomic { !t[w].lock -> t[w].state = NONE }		/* told to its server */
	fi;
	goto gone;

dead:	/* reap_some(): the slot is given out again when it was taken */
#ifndef MUT_SLOT_REUSED
	!t[w].flag_queued;
#endif
	if
	:: atomic {
		t[w].queued = 0;
		t[w].killed = 0;
		t[w].state = BLOCKED;
		goto blocked }
	:: skip
	fi;
gone:	skip
}

/* WAIT(@w): umcg_startable_locked() and umcg_start_locked(), under the worker's lock */
#ifndef MUT_QUEUED_IGNORED
#define STARTABLE(w)	(t[w].state == RUNNABLE && !(t[w].queued && t[w].flag_queued))
#else
#define STARTABLE(w)	(t[w].state == RUNNABLE)
#endif

inline start_locked(w)
{
	t[w].queued = 0;
	t[w].state = RUNNING
}

inline follow(x)
{
	atomic {
		next = t[x].link;
		CHECK(Chain_broken, next != PENDING)
	}
}

proctype server(byte s)
{
	byte list;
	byte index;
	byte older;
	byte next;
	byte old;
	bit adopt;

end_look:
	if
	:: atomic { t[s].head != END -> list = s }
	:: atomic { t[GROUP].head != END -> list = GROUP }
	:: atomic { adopt -> list = 3 - s; adopt = 0 }
	/* work stealing */
	:: atomic { (STEALS & (1 << s)) && !t[3 - s].dead && t[3 - s].head != END -> list = 3 - s }
	:: (EXITS & (1 << s)) -> goto leave
	fi;

	/* umcg_list_take(): xchg() */
	atomic {
		index = t[list].head;
		t[list].head = END;
		older = END;
		list = 0
	};
walk:	if
	:: atomic { index != END ->
		CHECK(Chain_broken, t[index].flag_queued);
		t[index].link != PENDING;	/* pushed_link() waits for it */
		next = t[index].link;
		t[index].link = older;
		older = index;
		index = next;
		next = 0;
		goto walk }
	:: atomic { index == END -> index = older; older = 0 }
	fi;

pop:	/* umcg_list_pop() */
	if
	:: index == END -> goto popped_all
	:: else
	fi;
#ifndef MUT_LINK_AFTER_QUEUED
	follow(index);
#endif
	atomic {
		t[index].flag_queued = 0;
		CHECK(Chain_broken, t[index].listed);
		t[index].listed = 0
	};
#ifdef MUT_LINK_AFTER_QUEUED
	follow(index);
#endif
	/* What is done with it: WAIT runs it, or says why not. */
	if
	:: atomic { index == 3 - s -> adopt = 1 }
	:: atomic { index >= W1 && !t[index].lock ->
		if
		:: STARTABLE(index) -> start_locked(index)
		:: else
		fi }
	fi;
	index = next;
	next = 0;
	goto pop;
popped_all:
	index = 0;
	goto end_look;

leave:	/* close_server(): group->lock and server->lock */
	atomic { !t[GROUP].lock && !t[s].lock && !t[3 - s].dead -> t[s].dead = 1; t[s].state = NONE };
	/* leave_server(): umcg_bury(), the heir's lock */
	atomic { !t[3 - s].lock -> t[3 - s].lock = 1; t[s].flag_queued = 1 };
	list = 3 - s;
	push(list, s)
}

/*
 * Others: one who hands over to a worker that he knows by its tid, one who kills.
 * They may stop at any time, so they prevent no end.
 */
proctype outside()
{
	do
	:: atomic { BY_TID && !t[W1].lock && STARTABLE(W1) -> start_locked(W1) }
	:: atomic { BY_TID && !t[W2].lock && STARTABLE(W2) -> start_locked(W2) }
	:: atomic { KILLS && t[W2].state == RUNNABLE && !t[W2].killed -> t[W2].killed = 1 }
	:: break
	od
}

proctype quiet()
{
	timeout -> atomic {
		CHECK(Worker_lost, t[W1].state == NONE && t[W2].state == NONE && t[W3].state == NONE);
		CHECK(Worker_lost, t[GROUP].head == END && t[S2].head == END);
		CHECK(Worker_lost, t[S1].head == END)
	}
}

init {
	d_step {
		t[GROUP].head = END;
		t[S1].head = END;
		t[S2].head = END;
		t[S1].state = RUNNING;
		t[S2].state = RUNNING;
		t[W1].home = S1;
		t[W2].home = S1;
		t[W1].state = BLOCKED;
		t[W2].state = BLOCKED;
		t[W3].state = BLOCKED
	};
	atomic {
		run worker(W1);
		run worker(W2);
		run worker(W3);
		run server(S1);
		run server(S2);
#if BY_TID | KILLS
		run outside();
#endif
		run quiet()
	}
}
