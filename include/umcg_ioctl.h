/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * umcg_ioctl.h - the interface of /dev/umcg: user managed concurrency groups
 *
 * A process opens /dev/umcg; that open file is a *group*, and it belongs to the
 * process (thread group and address space) which opened it. Threads of the
 * process register in it as *servers*, which schedule, or *workers*, which are
 * scheduled. A worker runs user code only while a server, or another worker,
 * has switched to it. When it blocks in the kernel, in any system call or page
 * fault, the server it ran under is told at once; when it wakes, it finishes
 * its way through the kernel and is then held, at the return to user mode,
 * until somebody switches to it again.
 *
 * Every registered thread has a *slot*, a struct umcg_task in memory that the
 * module owns and the process maps with
 *
 *	mmap(NULL, query.map_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
 *
 * Slot i starts at byte i * query.slot_stride of that mapping. Slot 0 is the
 * group's header: its @head is the group list, its @tid the process id, and its
 * @events get UMCG_EV_EXIT when the group has ended. Slots are not inherited
 * over fork(). What the kernel believes is kept in kernel memory: a slot is a
 * mirror of it and a mailbox, and a process that scribbles over its slots
 * confuses only itself.
 *
 * Thread ids (tid) are those that the process itself sees, in its own pid
 * namespace, as gettid() returns them. All timestamps and timeouts are absolute,
 * in nanoseconds of the clock chosen at registration, as clock_gettime() gives
 * them in the process's time namespace.
 *
 * The calls are safe to make from any thread. They are system calls, so they
 * are async-signal-safe; a WAIT from a signal handler stops the thread in the
 * handler.
 *
 * Fields and values that belong to features which the running module does not
 * offer are defined here all the same, so that the layout is final. QUERY tells
 * what is there: asking for a feature that is not fails with EINVAL.
 */
#ifndef _UMCG_IOCTL_H
#define _UMCG_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define UMCG_DEVICE		"/dev/umcg"

/* Bumped when something is added; nothing is ever taken away or renumbered. */
#define UMCG_API_LEVEL		1

/* --- the slot ------------------------------------------------------------ */

/*
 * umcg_task::state, bits 0-7. RUNNING means that a server's turn is given to
 * the worker: it runs user code, or may as far as UMCG is concerned. A server
 * is RUNNING from its registration on.
 */
#define UMCG_TASK_NONE		0U	/* free, or dead: see UMCG_EV_EXIT */
#define UMCG_TASK_RUNNING	1U
#define UMCG_TASK_RUNNABLE	2U	/* stopped; can be switched to */
#define UMCG_TASK_BLOCKED	3U	/* in the kernel; comes back by a list */
#define UMCG_TASK_MASK		0x000000ffU

#define UMCG_TF_PARKED		0x00000100U /* RUNNABLE, on no list: its own WAIT */
#define UMCG_TF_IDLE		0x00000200U /* a server in WAIT with nothing to run */

/*
 * umcg_task::state, bits 16-31, from BLOCKED until it runs again: the number of
 * the system call the worker blocked in, or UMCG_BLOCKED_FAULT for a page fault in
 * user mode. Else 0, which read() may be as well: look at the state first, through
 * UMCG_TASK_MASK.
 */
#define UMCG_BLOCKED_SHIFT	16
#define UMCG_BLOCKED_FAULT	0xffffU

/* umcg_task::next_tid */
#define UMCG_TID_RUNNING	0x80000000U /* set by the kernel: it was started */
#define UMCG_TID_MASK		0x3fffffffU

/*
 * umcg_task::events, ORed together until user space has taken the task from its
 * list and cleared them. QUEUED says that the slot is on a list; clear it (and
 * with it the other bits) only after @link was read. The same bits, without
 * QUEUED, tell a server what was done to it.
 */
#define UMCG_EV_WAKE		0x00000001U /* registered, unblocked, or by WAKE */
#define UMCG_EV_WAIT		0x00000002U /* queued itself: WAIT_ENQUEUE */
#define UMCG_EV_TIMEOUT		0x00000004U /* the timeout of its WAIT passed */
#define UMCG_EV_PREEMPT		0x00000008U /* by KICK or the end of its slice */
#define UMCG_EV_SIGNAL		0x00000010U /* a signal handler waits to run */
#define UMCG_EV_EXIT		0x00000020U /* it is gone; state is NONE */
#define UMCG_EV_REHOMED		0x00000040U /* a dead server: drain its list too */
#define UMCG_EV_QUEUED		0x80000000U

/* umcg_task::link and ::head: the index of a slot, or one of these. */
#define UMCG_LIST_END		0xffffffffU
#define UMCG_LIST_PENDING	0xfffffffeU /* link is being written: read again */

/*
 * umcg_task::cur of a server: the slot of the worker it runs, or ran last, and
 * why that one stopped. Of a worker: the slot of the server it runs under, or
 * ran under last.
 */
#define UMCG_CUR_SLOT_MASK	0x00ffffffU
#define UMCG_CUR_WHY_MASK	0xff000000U
#define UMCG_CUR_NONE		0x00000000U /* has run none yet */
#define UMCG_CUR_RUNNING	0x01000000U /* still runs */
#define UMCG_CUR_BLOCK		0x02000000U /* blocked; comes back by a list */
#define UMCG_CUR_WAIT		0x03000000U /* its own WAIT: parked or queued */
#define UMCG_CUR_EXIT		0x04000000U /* exited or unregistered, see below */
#define UMCG_CUR_PREEMPT	0x05000000U /* preempted; comes by a list */

/*
 * The slot of a worker that exited under a server keeps its tid, user and gen until
 * that server's next WAIT without UMCG_TID_RUNNING, even one that fails. If the server
 * leaves before that, until the QUEUED of its own slot is cleared: who takes that from
 * its list (REHOMED) can read in its cur what it may not have looked at.
 */

/*
 * umcg_task::section, for a worker registered on a module with FEAT_SECTION. To
 * begin, OR in NOPREEMPT. To end, exchange the word for 0, and if it had OWED, WAIT
 * with next_tid 0 and WAIT_ENQUEUE. A WAIT that stops the worker ends it too, and so
 * does the second slice that is over in one section.
 */
#define UMCG_SECTION_NOPREEMPT	0x00000001U /* set and cleared by the worker */
#define UMCG_SECTION_OWED	0x00000002U /* set by the kernel: preemption due */

/**
 * struct umcg_task - one slot
 * @state:	written by the kernel: UMCG_TASK_*, UMCG_TF_*, what it blocked in.
 * @next_tid:	written by its own thread before WAIT: whom to run. The kernel
 *		sets UMCG_TID_RUNNING once that worker was started, so that a WAIT
 *		which failed before can be told from one that failed after. When the
 *		worker of a server hands over to another, that one comes into the
 *		server's word as well, with UMCG_TID_RUNNING, unless the server has
 *		written to it meanwhile.
 * @server_tid:	written by user space: the home of a worker, the tid of the server
 *		on whose list it is queued; 0 means the group list. It is read when
 *		the worker calls WAIT, is preempted, or comes back from a block; a
 *		change made while it is parked counts from its next stop. What is no
 *		living server of the group leaves the home as it was, or makes it the
 *		group list if that one is dead too, and is overwritten.
 * @tid:	written by the kernel.
 * @blocked_ts:	written by the kernel with UMCG_REG_TIMESTAMPS: when the worker
 *		last became BLOCKED.
 * @runnable_ts: likewise, when it last became RUNNABLE.
 * @events:	UMCG_EV_*; set by the kernel, cleared by user space.
 * @link:	the next slot of the list this one is on.
 * @head:	of a server: its list. The kernel pushes, user space takes all by
 *		exchanging it with UMCG_LIST_END; the newest comes first.
 * @cur:	written by the kernel: UMCG_CUR_*.
 * @user:	what was given at registration; the kernel never looks at it again.
 * @section:	no-preempt section; UMCG_SECTION_*.
 * @gen:	written by the kernel: how often the slot has been given out.
 */
struct umcg_task {
	__u32		state;
	__u32		next_tid;
	__u32		server_tid;
	__u32		tid;
	__aligned_u64	blocked_ts;
	__aligned_u64	runnable_ts;
	__u32		events;
	__u32		link;
	__u32		head;
	__u32		cur;
	__aligned_u64	user;
	__u32		section;
	__u32		gen;
};

/* --- the calls ----------------------------------------------------------- */

#define UMCG_IOC_MAGIC		0xE1

/* umcg_query::features: what the running module really does. */
#define UMCG_FEAT_HANDOFF	(1ULL << 0)  /* a worker's WAIT runs another worker */
#define UMCG_FEAT_WAKE		(1ULL << 1)  /* WAKE and its token */
#define UMCG_FEAT_KICK		(1ULL << 2)  /* KICK preempts a worker */
#define UMCG_FEAT_WORKER_TIMEOUT (1ULL << 3) /* a worker's WAIT takes a timeout */
#define UMCG_FEAT_SIGNALS	(1ULL << 4)  /* no handler runs unscheduled */
#define UMCG_FEAT_TIMESTAMPS	(1ULL << 5)  /* UMCG_REG_TIMESTAMPS */
#define UMCG_FEAT_SLICE		(1ULL << 6)  /* umcg_register::slice_ns */
#define UMCG_FEAT_SECTION	(1ULL << 7)  /* no-preempt sections */
#define UMCG_FEAT_NOTIFY	(1ULL << 8)  /* UMCG_REG_NOTIFY */
#define UMCG_FEAT_SHARED	(1ULL << 9)  /* UMCG_REG_SHARED */
#define UMCG_FEAT_MULTI		(1ULL << 10) /* UMCG_REG_MULTI */
#define UMCG_FEAT_POLL		(1ULL << 11) /* poll() on the group's fd */
#define UMCG_FEAT_SEEK		(1ULL << 12) /* WAIT and WAKE by lseek(), see below */

/**
 * struct umcg_query - what is there
 * @size:	in: sizeof(struct umcg_query) as the caller knows it. out: as the
 *		module knows it. The module fills the smaller of the two and clears
 *		the rest.
 * @api_level:	UMCG_API_LEVEL of the module.
 * @features:	UMCG_FEAT_*.
 * @map_size:	bytes to map.
 * @slot_stride: bytes from one slot to the next.
 * @slots_max:	slots of a group, the header included.
 * @slice_min_ns: the shortest time slice that REGISTER takes; 0 without
 *		UMCG_FEAT_SLICE.
 *
 * Any process that holds the file may ask.
 */
struct umcg_query {
	__u32		size;
	__u32		api_level;
	__aligned_u64	features;
	__aligned_u64	map_size;
	__u32		slot_stride;
	__u32		slots_max;
	__aligned_u64	slice_min_ns;
};

/* umcg_register::flags: exactly one of the first two, and any of the others. */
#define UMCG_REG_SERVER		0x00000001U
#define UMCG_REG_WORKER		0x00000002U
#define UMCG_REG_TIMESTAMPS	0x00000004U /* worker: fill blocked_ts, runnable_ts */
#define UMCG_REG_NOTIFY		0x00000010U /* server: told of all on its list */
#define UMCG_REG_SHARED		0x00000020U /* server: while busy, others are told */
#define UMCG_REG_MULTI		0x00000040U /* server: may run several workers */

/*
 * With UMCG_REG_NOTIFY a WAIT returns for whatever comes to the server's list, also
 * while its worker runs.
 *
 * With UMCG_REG_SHARED, workers whose home is a server that is busy (not idle in WAIT)
 * go to the group list, and an idle server is told. NOTIFY tells nothing of those.
 *
 * With UMCG_REG_MULTI several workers may have stopped when WAIT returns, and cur
 * and next_tid tell of the last one only: the state of each is in its slot. One
 * that exits is put on its home's list as well, with UMCG_EV_EXIT. KICK_CURRENT
 * preempts one of them.
 */

/**
 * struct umcg_register - arguments of UMCG_IOC_REGISTER
 * @flags:	UMCG_REG_*.
 * @clock:	clockid_t of timeouts and timestamps: CLOCK_MONOTONIC,
 *		CLOCK_REALTIME, CLOCK_BOOTTIME or CLOCK_TAI.
 * @server_tid:	worker: its home, or 0 for the group list. server: 0.
 * @slot:	out: the index of the caller's slot, never 0. Written before the slot
 *		can be seen on a list.
 * @user:	put into the slot before anybody sees it.
 * @slice_ns:	worker or server: how long a run may be before the worker is
 *		preempted, in nanoseconds from its start; 0 for no end. From
 *		slice_min_ns up to 2^47 - 1, a day and a half. It is preempted some
 *		100 to 200 microseconds after that. A worker's own slice goes before
 *		its server's. A worker that had no CPU in its slice, because others
 *		had it, is not preempted.
 * @reserved:	must be 0.
 */
struct umcg_register {
	__u32		flags;
	__u32		clock;
	__u32		server_tid;
	__u32		slot;
	__aligned_u64	user;
	__aligned_u64	slice_ns;
	__aligned_u64	reserved[2];
};

/* umcg_wait::flags */
#define UMCG_WAIT_ENQUEUE	0x00000001U /* worker: queue me (yield), do not park */

/**
 * struct umcg_wait - arguments of UMCG_IOC_WAIT
 * @timeout:	absolute, in nanoseconds of the caller's clock; 0 for none. A time
 *		already past is allowed: it polls, and nobody is stopped or run.
 * @flags:	UMCG_WAIT_*.
 * @pad:	must be 0.
 */
struct umcg_wait {
	__aligned_u64	timeout;
	__u32		flags;
	__u32		pad;
};

/**
 * struct umcg_wake - arguments of UMCG_IOC_WAKE
 * @tid:	the worker, or 0 for one idle server of the group.
 * @flags:	must be 0.
 */
struct umcg_wake {
	__u32		tid;
	__u32		flags;
};

/* umcg_kick::flags */
#define UMCG_KICK_CURRENT	0x00000001U /* tid is a server: kick its worker */

/**
 * struct umcg_kick - arguments of UMCG_IOC_KICK
 * @tid:	a worker, which is preempted, or a server, whose WAIT returns.
 * @flags:	UMCG_KICK_*.
 */
struct umcg_kick {
	__u32		tid;
	__u32		flags;
};

/*
 * Errors. Each errno means one thing; a call that fails has changed nothing,
 * except where the line says so.
 *
 * EPERM	the caller is not the process that opened the group; or WAIT,
 *		UNREGISTER by a thread that is not registered in this group
 * EINVAL	an unknown flag, a feature that QUERY does not report, padding that is
 *		not 0, a number out of range, a role that does not fit (see below)
 * EFAULT	arguments cannot be read or written
 * ENOTTY	no such call
 * ESHUTDOWN	the group has ended, its last server is gone. The caller is a plain
 *		thread. (After exec it is EPERM: that is another process's file then)
 * EEXIST	REGISTER: the caller is registered already, here or in another group
 * ENOSPC	REGISTER: all slots of the group are taken
 * ENOMEM	REGISTER, mmap: no memory
 * EOPNOTSUPP	REGISTER: the kernel's hooks could not be armed; the kernel log
 *		says why (kernel.ftrace_enabled=0, for example)
 * ESRCH	there is no such task in this group
 * EAGAIN	WAIT: the target is not RUNNABLE, is on a list, or is asleep in the
 *		kernel (its state then reads BLOCKED, and it comes back by a list);
 *		or the worker of next_tid with UMCG_TID_RUNNING does not run under the
 *		caller (any more). WAKE of 0: no server is idle. KICK of a worker: it
 *		is not RUNNING. KICK_CURRENT: nobody runs under that server, or its
 *		turn was handed on faster than that could be told, which takes many
 *		handoffs
 * EBUSY	WAIT: a worker is RUNNING already under the caller, a server without
 *		UMCG_REG_MULTI
 * ETIMEDOUT	WAIT: the timeout passed. For a worker: and it was then scheduled
 * EINTR	WAIT: a signal handler was called. For a worker: when it had been
 *		scheduled. A server's next_tid keeps UMCG_TID_RUNNING
 *
 * UMCG_IOC_QUERY	0; EFAULT, EINVAL (size is less than the first version's, or
 *			more than a page)
 * UMCG_IOC_REGISTER	0; for a worker, when it is first scheduled, or the group has
 *			ended before that: then it is a plain thread, and its next call
 *			says ESHUTDOWN. EPERM, EFAULT, EINVAL, ESHUTDOWN, EEXIST, ESRCH
 *			(server_tid is no server of the group), ENOSPC, ENOMEM,
 *			EOPNOTSUPP
 * UMCG_IOC_UNREGISTER	0, the caller is a plain thread; its server is told with
 *			UMCG_CUR_EXIT. Takes no argument (0). EPERM, EINVAL, ESHUTDOWN
 * UMCG_IOC_WAIT	0. The argument may be a null pointer: no flags, no timeout.
 *			EPERM, EFAULT, EINVAL, ESHUTDOWN, and by next_tid:
 *	0		server: idles until a worker is queued on its list or the group
 *			list, or something is pending for it. Worker: parks, or with
 *			WAIT_ENQUEUE queues itself; its server is told UMCG_CUR_WAIT
 *	tid		stops the caller and runs that worker in its place. ESRCH,
 *			EINVAL (itself, a server), EAGAIN, EBUSY. A server returns when
 *			that worker has stopped, or something is pending for it
 *	tid with	server: sleeps on while that worker runs; EAGAIN if it does not.
 *	TID_RUNNING	Worker: EINVAL
 *			EINVAL also for WAIT_ENQUEUE by a server, or with a timeout.
 *			A return of 0 can be spurious: look at the slot and wait again
 * UMCG_IOC_WAKE	0: the worker was parked and is now queued, or an idle server
 *			wakes. 1: the worker was not parked; its next WAIT without
 *			WAIT_ENQUEUE returns 0 at once, next_tid untouched (one such token
 *			is kept). EPERM, EFAULT, EINVAL (tid is a server), ESHUTDOWN,
 *			ESRCH, EAGAIN
 * UMCG_IOC_KICK	0: the worker is preempted when it next returns to user mode, to
 *			which it is interrupted at once (the call does not wait for
 *			that), or owes it in a no-preempt section; if it stops by itself
 *			first, that was it. Or the server's WAIT, the present or the
 *			next one, returns. EPERM, EFAULT, EINVAL (KICK_CURRENT on a
 *			worker), ESHUTDOWN, ESRCH, EAGAIN
 */
#define UMCG_IOC_QUERY		_IO(UMCG_IOC_MAGIC, 0)
#define UMCG_IOC_REGISTER	_IOWR(UMCG_IOC_MAGIC, 1, struct umcg_register)
#define UMCG_IOC_UNREGISTER	_IO(UMCG_IOC_MAGIC, 2)
#define UMCG_IOC_WAIT		_IOW(UMCG_IOC_MAGIC, 3, struct umcg_wait)
#define UMCG_IOC_WAKE		_IOW(UMCG_IOC_MAGIC, 4, struct umcg_wake)
#define UMCG_IOC_KICK		_IOW(UMCG_IOC_MAGIC, 5, struct umcg_kick)

/*
 * WAIT and WAKE by lseek(2), with UMCG_FEAT_SEEK: the same calls with the same results
 * and errors (but EFAULT), for less. ioctl(2) asks every security module, each time,
 * whether the caller may; that costs about as much as the rest of entering the kernel.
 *
 *	lseek(fd, flags, UMCG_SEEK_WAIT)	WAIT without a timeout
 *	lseek(fd, tid, UMCG_SEEK_WAKE)		WAKE
 *
 * EINVAL also if the offset does not fit in 32 bits. ESPIPE for any other whence.
 */
#define UMCG_SEEK_WAIT		3	/* SEEK_DATA */
#define UMCG_SEEK_WAKE		4	/* SEEK_HOLE */

#endif /* _UMCG_IOCTL_H */
