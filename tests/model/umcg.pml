/* SPDX-License-Identifier: GPL-2.0-only
 *
 * umcg.pml - two servers and three workers; README.md says how to read it
 *
 * A scenario is a set of the macros below, each the set of threads that do, or
 * suffer, what it says.
 */
#ifndef HOME1		/* homes of the workers */
#define HOME1		S1
#endif
#ifndef HOME2
#define HOME2		S2
#endif
#ifndef HOME3
#define HOME3		GROUP
#endif

/* workers */
#ifndef BLOCKS
#define BLOCKS		0	/* sleep in a system call or fault */
#endif
#ifndef BLOCKS_AT_WAIT
#define BLOCKS_AT_WAIT	0	/* sleep at the entry of WAIT */
#endif
#ifndef PARKS
#define PARKS		0	/* WAIT with nobody to run */
#endif
#ifndef YIELDS
#define YIELDS		0	/* WAIT_ENQUEUE */
#endif
#ifndef HANDS_OVER
#define HANDS_OVER	0	/* WAIT with a worker to run */
#endif
#ifndef TARGETS
#define TARGETS		WORKERS	/* whom they hand over to */
#endif
#ifndef TIMEOUTS
#define TIMEOUTS	0	/* WAIT with a timeout */
#endif
#ifndef WOKEN
#define WOKEN		0	/* other threads WAKE them */
#endif
#ifndef KILLS
#define KILLS		0
#endif
#ifndef STOPS
#define STOPS		0	/* SIGSTOP, and SIGCONT before it has stopped */
#endif
#ifndef STOLEN
#define STOLEN		0	/* another thread takes the signal */
#endif
#ifndef FRAME_FAULTS
#define FRAME_FAULTS	0	/* sleep while a signal frame is built */
#endif
/* workers and servers */
#ifndef HANDLERS
#define HANDLERS	0	/* a signal with a handler; server: any signal */
#endif
#ifndef KICKS
#define KICKS		0
#endif
/* servers */
#ifndef BLIND
#define BLIND		0	/* wait on without a look at the slot */
#endif
#ifndef BOLD
#define BOLD		0	/* run a worker though one runs */
#endif
#ifndef NOTIFY
#define NOTIFY		0	/* told of every push */
#endif
#ifndef SHARED
#define SHARED		0	/* while busy, their workers go to the group list */
#endif
#ifndef SERVERS_EXIT
#define SERVERS_EXIT	0
#endif
#ifndef STUCK
#define STUCK		0	/* a handler that interrupts its idling never ends */
#endif
#ifndef WAKES_IDLE
#define WAKES_IDLE	0	/* yes: WAKE with tid 0 */
#endif

#ifndef TWO_WORKERS
#define TWO_WORKERS	0	/* yes: the third would only add states */
#endif

/* how finely steps are cut, see thread.pml */
#ifndef FINE_SERVERS
#define FINE_SERVERS	0
#endif
#ifndef FINE_WORKERS
#define FINE_WORKERS	0
#endif

/* what is needed for that */
#define WAITS		(PARKS | YIELDS | HANDS_OVER)
#define SIGNALS		((HANDLERS | STOPS | KILLS) & WORKERS)
#define REMOTE		(KICKS | SERVERS_EXIT)
#define OUTSIDE		(WOKEN | KICKS | KILLS | HANDLERS | STOPS | WAKES_IDLE)

#include "thread.pml"
#include "queue.pml"
#include "server.pml"
#include "signal.pml"
#include "worker.pml"
#include "world.pml"

init {
	d_step {
		t[S1].state = RUNNING;
		t[S2].state = RUNNING;
		t[W1].state = BLOCKED;	/* init_worker() */
		t[W2].state = BLOCKED;
		t[W3].state = BLOCKED;
		t[W1].home = HOME1;
		t[W2].home = HOME2;
		t[W3].home = HOME3;
		hold_arm(W1);		/* enter() */
		hold_arm(W2);
		hold_arm(W3)
	};
	atomic {
		run server(S1);
		run server(S2);
		run worker(W1);
		run worker(W2);
#if !TWO_WORKERS
		run worker(W3);
#else
		d_step { t[W3].state = NONE; t[W3].hold_claim = 0; t[W3].hold_work = 0 };
#endif
		run cpus();
#if OUTSIDE
		run outside();
#endif
		run quiet()
	}
}
