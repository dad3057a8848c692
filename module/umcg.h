/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * umcg.h - the module's own structures
 *
 * Life: one registration is one struct umcg_thread, never used again. It goes
 * away in its own thread's context (exit.c); what others reach by RCU lives a
 * grace period longer, and a home or a dead server's lease by reference.
 *
 * Locks, all raw leaf locks, in the order in which they nest:
 *
 *	worker->lock	two workers: lower address first
 *	group->lock
 *	server->lock
 *
 * Worker and server locks are taken under the run queue's lock, in sched_out,
 * and all of them with interrupts off. So nobody is woken while one is held:
 * whoever is to be woken is collected in a struct umcg_wakes, with preemption
 * disabled from before the first lock until the last wake-up (sleep.c).
 */
#ifndef _UMCG_MODULE_H
#define _UMCG_MODULE_H

#include <linux/hrtimer.h>
#include <linux/idr.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/rhashtable-types.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "compat/require.h"
#include "umcg_ioctl.h"

struct file;
struct poll_table_struct;
struct seq_file;

#define UMCG_SLOTS_MAX		65536U
#define UMCG_SLOTS_PER_PAGE	(PAGE_SIZE / sizeof(struct umcg_task))
#define UMCG_PAGES_MAX		(UMCG_SLOTS_MAX / UMCG_SLOTS_PER_PAGE)
#define UMCG_MAP_SIZE		(UMCG_PAGES_MAX * PAGE_SIZE)

/**
 * struct umcg_group - one open of the device
 * @ref:	one for the file, one for each thread.
 * @id:	constant: a number for those who trace.
 * @mm:		identity only, never used as an address space (mmgrab).
 * @tgid:	the process it belongs to.
 * @lock:	protects the lists, @ended and the list in slot 0.
 * @ended:	nobody registers any more, everybody is released.
 * @threads:	all of them; written under @lock, read under RCU.
 * @servers:	those that can adopt; under @lock.
 * @idle:	servers in WAIT with nothing to run, the latest first; under @lock.
 * @zombies:	dead threads whose slot is still on a list; under @lock.
 * @polled:	somebody has polled the file: pushes look for sleepers there. SEEN
 *		when all of them do.
 * @poll_wait:	who polls.
 * @poll_work:	wakes them, from where that is allowed.
 * @tids:	threads by tid.
 * @slot_ids:	which slots are given out.
 * @pages_lock:	serialises the allocation of @pages.
 * @pages:	the slots; a page once there stays until the group is freed.
 */
struct umcg_group {
	struct kref ref;
	u32 id;
	struct mm_struct *mm;
	struct pid *tgid;

	raw_spinlock_t lock;
	bool ended;
	struct list_head threads;
	struct list_head servers;
	struct list_head idle;
	struct list_head zombies;

	u8 polled;			/* UMCG_POLLED* or 0 */
	wait_queue_head_t poll_wait;
	struct irq_work poll_work;

	struct rhashtable tids;
	struct ida slot_ids;
	struct mutex pages_lock;	/* process context, nothing nests in it */
	struct page *pages[UMCG_PAGES_MAX];
};

#define UMCG_SLICE_MIN_NS	100000ULL

enum {
	UMCG_POLLED = 1,
	UMCG_POLLED_SEEN,
};

/* umcg_thread::claims: whose callback_head is queued, or about to be */
enum {
	UMCG_CLAIM_HOLD,	/* by the thread itself only */
	UMCG_CLAIM_REMOTE,	/* by others */
	UMCG_CLAIM_EXIT,	/* by the thread itself only */
};

/**
 * struct umcg_thread - one registration
 * @lock:	protects all up to @run, but for what is marked (own): written by
 *		the thread itself, under the lock if others look.
 * @state:	UMCG_TASK_*. RUNNING ends in the worker's own context only.
 * @is_server:	constant.
 * @in_wait:	(own) asleep in sleep.c, or about to be, or just woken.
 * @released:	to become a plain thread.
 * @queued:	worker: put on a list and not switched to since.
 * @parked:	worker: RUNNABLE and on no list, in its own WAIT.
 * @away:	(own) worker: RUNNABLE, but asleep elsewhere than in sleep.c.
 * @token:	worker: a WAKE that came when it was not parked.
 * @frame:	worker: a signal frame was built since it ran last.
 * @timed_out:	worker: the timer of this WAIT has fired and found it not parked.
 * @restart:	(own) WAIT was left to be continued, unless a handler runs.
 * @pending:	server: WAIT has a reason to return.
 * @sleeping:	server: in WAIT, and will not look for a reason to return before it is
 *		woken. Until then it is @in_wait only, and sees what is pending by itself.
 * @idle:	server: in WAIT with nothing to run.
 * @dead:	server: it takes nobody any more.
 * @notify:	server, constant: woken by every push to its list.
 * @shared:	server, constant: while busy, its workers go to the group list.
 * @multi:	server, constant: may run several workers.
 * @asleep:	(own) worker: asleep in a no-preempt section, RUNNING unless kicked.
 * @kick_slice:	worker: @kick_run is for the end of its slice, too.
 * @slice_owed:	(own) worker: a slice ended in its present section before.
 * @slice_armed: server: its slice timer runs.
 * @slice_seen:	worker (by its server's lock): on a CPU when last looked at, after
 *		its slice.
 * @slice_misses: worker (likewise): how often it had no CPU at the end. server:
 *		how often nobody that was looked at had one.
 * @timestamps:	constant: it asked for them.
 * @drained:	(own) the hold has let other works go first.
 * @sig_hidden:	(own) TIF_SIGPENDING was cleared though a signal is pending.
 * @notify_hidden: (own) TIF_NOTIFY_SIGNAL was cleared, and is set again.
 * @timer_used:	(own) @timer was started and not cancelled since.
 * @restart_eintr: (own) @restart, and a handler would make it EINTR.
 * @wait_parks:	worker: its WAIT is one that parks, not a yield.
 * @slot_kept:	(own) on leaving: its last server frees the slot.
 * @zombie:	(own) on leaving: its slot is on a list.
 * @clock:	constant.
 * @clock_offset: constant: what its time namespace adds to that clock, in ns.
 * @blocked_in:	worker: number of the system call it fell asleep in; 0 once it runs.
 * @wait_result: worker: what its WAIT returns once it is scheduled.
 * @index:	constant: its slot.
 * @run:	worker: counts its runs, so that a stale kick is ignored.
 * @kick_run:	worker: the run that a kick is for.
 * @corpse:	server: slot of a worker that exited under it, to be freed.
 * @resume_next: worker (own): next_tid of a WAIT to be run again after a handler.
 * @nrunning:	server: how many are RUNNING under it; above 1 only with @multi.
 * @slice_ns:	constant: of a worker before that of its server; 0 for none.
 * @slice_expires: server: when its slice timer fires next, if armed.
 * @slice_start: worker (by its server's lock): when this slice began.
 * @slice_base:	worker (likewise): its CPU time then.
 * @wakers:	how many have decided to wake it and not done so yet (sleep.c).
 * @slot:	the mirror that user space sees.
 * @task:	constant, referenced.
 * @heir:	(own) in a WAIT that is about to sleep: who runs instead, referenced; only
 *		if its turn is likely to come back soon.
 * @turn:	(own) which of the turns that were given away on @turn_cpu was its own, in
 *		@turn_tick (jiffies).
 * @turn_returns: (own) how often in a row it came back at once (sleep.c).
 * @group:	constant, referenced.
 * @server:	worker: under which it is RUNNING, else NULL.
 * @home:	worker: on whose list it is queued, NULL for the group's; changed
 *		by itself under @lock; referenced.
 * @lease:	worker (own): the dead server it ran under, to be put.
 * @run_node:	worker (by its server's lock): in @runners while RUNNING.
 * @runners:	server: who is RUNNING under it, @nrunning of them, in no order.
 */
struct umcg_thread {
	raw_spinlock_t lock;
	u8 state;
	bool is_server;
	bool in_wait;
	bool released;
	bool queued;
	bool parked;
	bool away;
	bool token;
	bool frame;
	bool timed_out;
	bool restart;
	bool pending;
	bool sleeping;
	bool idle;
	bool dead;
	bool notify;
	bool shared;
	bool multi;
	bool asleep;
	bool kick_slice;
	bool slice_owed;
	bool slice_armed;
	bool slice_seen;
	u8 slice_misses;
	bool timestamps;
	bool drained;
	bool sig_hidden;
	bool notify_hidden;
	bool timer_used;
	bool restart_eintr;
	bool wait_parks;
	bool slot_kept;
	bool zombie;
	u8 turn_returns;
	u8 clock;
	u32 blocked_in;
	int wait_result;
	u32 index;
	u32 run;
	u32 kick_run;
	u32 corpse;
	u32 resume_next;
	u32 nrunning;
	u32 turn;
	u32 turn_cpu;
	u32 turn_tick;
	s64 clock_offset;
	u64 slice_ns;
	u64 slice_expires;
	u64 slice_start;
	u64 slice_base;
	atomic_t wakers;

	struct umcg_task *slot;
	struct task_struct *task;
	struct task_struct *heir;
	struct umcg_group *group;
	struct umcg_thread *server;
	struct umcg_thread *home;
	struct umcg_thread *lease;

	struct preempt_notifier notifier;
	unsigned long claims;
	struct callback_head hold;
	struct callback_head remote;
	struct callback_head exit;
	union {
		struct {			/* worker */
			struct hrtimer timer;
			struct hrtimer hold_timer;
			struct list_head run_node;
		};
		struct {			/* server */
			struct list_head runners;
			struct irq_work irq_work;
			struct hrtimer slice_timer;
			struct list_head server_node;
			struct list_head idle_node;
		};
	};

	u32 tid;
	struct rhash_head tid_node;
	struct list_head thread_node;
	struct kref ref;
	union {
		struct rcu_head rcu;
		struct list_head zombie_node;
	};
};

/* sleep.c: who is to be woken once the locks are dropped */
#define UMCG_WAKES_MAX 3

struct umcg_wakes {
	unsigned int count;
	bool here;		/* the first one may have our CPU */
	struct umcg_thread *thread[UMCG_WAKES_MAX];
};

enum umcg_sleep_mode {
	UMCG_SLEEP_WAIT,	/* in our own call: any signal ends it */
	UMCG_SLEEP_HOLD,	/* at the return to user mode */
	UMCG_SLEEP_MID_CALL,	/* in the middle of another call */
};

void umcg_wakes_add(struct umcg_wakes *wakes, struct umcg_thread *thread);
void umcg_wakes_run(struct umcg_wakes *wakes);
void umcg_sleep_lazily(struct umcg_thread *self);
bool umcg_turn_comes_back(const struct umcg_thread *self);
void umcg_turn_ends(struct umcg_thread *self);
void umcg_turn_begins(struct umcg_thread *self);
void umcg_switched_to(const struct umcg_thread *self, struct task_struct *next);

/* Under @self->lock. Whatever it will wait for is decided after this. */
static inline void umcg_sleep_begin_locked(struct umcg_thread *self)
{
	self->in_wait = true;
}

void umcg_sleep_end(struct umcg_thread *self);
int umcg_sleep_until_run(struct umcg_thread *self, enum umcg_sleep_mode mode);

/* group.c */
struct umcg_group *umcg_group_create(void);
void umcg_group_put(struct umcg_group *group);
void umcg_group_end(struct umcg_group *group);
int umcg_group_add(struct umcg_group *group, struct umcg_thread *thread);
void umcg_group_remove(struct umcg_thread *thread);
struct umcg_thread *umcg_group_find(struct umcg_group *group, u32 tid);

static inline bool umcg_group_is_mine(const struct umcg_group *group)
{
	return group->mm == current->mm && group->tgid == task_tgid(current);
}

void umcg_idle_begin(struct umcg_thread *server);
void umcg_idle_end(struct umcg_thread *server, int error);
bool umcg_idle_wake_locked(struct umcg_group *group, struct umcg_wakes *wakes);

/* poll.c */
void umcg_poll_init(struct umcg_group *group);
void umcg_poll_notify(struct umcg_group *group);
__poll_t umcg_poll(struct umcg_group *group, struct file *file,
		   struct poll_table_struct *table);

/* fdinfo.c */
void umcg_fdinfo(struct umcg_group *group, struct seq_file *m);

/* slice.c */
void umcg_slice_begin_locked(struct umcg_thread *worker,
			     struct umcg_thread *server);
enum hrtimer_restart umcg_slice_timer(struct hrtimer *timer);

/* section.c */
bool umcg_section_hides_locked(struct umcg_thread *self);
void umcg_section_end(struct umcg_thread *worker);
bool umcg_section_defers_locked(struct umcg_thread *self);

/* clock.c */
void umcg_clock_init(struct umcg_thread *self, clockid_t clock);
u64 umcg_now(const struct umcg_thread *self);
ktime_t umcg_ktime(const struct umcg_thread *self, u64 timeout);

/* Has the timeout passed before anybody was stopped or started? */
static inline bool umcg_is_late(const struct umcg_thread *self, u64 timeout)
{
	return timeout && umcg_now(self) >= timeout;
}

/* slot.c */
int umcg_slots_init(struct umcg_group *group);
void umcg_slots_destroy(struct umcg_group *group);
struct page *umcg_slots_page(struct umcg_group *group, unsigned long nr);
int umcg_slot_alloc(struct umcg_thread *thread);
void umcg_slot_free(struct umcg_group *group, u32 index);
struct umcg_task *umcg_slot_of(struct umcg_group *group, u32 index);
void umcg_zombie_add(struct umcg_thread *thread);

/*
 * Shows @thread's state. Under its lock, or before anybody sees it. What it was
 * blocked in is shown until it runs: its server may look late.
 */
static inline void umcg_slot_state(struct umcg_thread *thread, u32 bits)
{
	if (thread->state == UMCG_TASK_BLOCKED ||
	    thread->state == UMCG_TASK_RUNNABLE)
		bits |= thread->blocked_in << UMCG_BLOCKED_SHIFT;
	/* Who sees the state also sees what was written to the slot before. */
	smp_store_release(&thread->slot->state, thread->state | bits);
}

/* @worker has just stopped, or come back. Under its lock. */
static inline void umcg_slot_runnable_ts(struct umcg_thread *worker)
{
	if (worker->timestamps)
		WRITE_ONCE(worker->slot->runnable_ts, umcg_now(worker));
}

void umcg_slot_blocked(struct umcg_thread *worker, int nr);
void umcg_slot_event(struct umcg_thread *thread, u32 events);

/* thread.c */
int umcg_register(struct umcg_group *group, struct umcg_register __user *uargs);
struct umcg_thread *umcg_of(const struct task_struct *task);

static inline struct umcg_thread *umcg_current(void)
{
	return umcg_of(current);
}

void umcg_thread_get(struct umcg_thread *thread);
void umcg_thread_put(struct umcg_thread *thread);
void umcg_lease_put(struct umcg_thread *self);
int umcg_threads_init(void);
void umcg_threads_exit(void);

/* list.c */
void umcg_queue_locked(struct umcg_thread *worker, u32 event,
		       struct umcg_wakes *wakes);
void umcg_bury(struct umcg_thread *thread, struct umcg_thread *heir, u32 event,
	       struct umcg_wakes *wakes);
void umcg_home_refresh(struct umcg_thread *self);

/* wait.c */
int umcg_wait(struct umcg_thread *self, const struct umcg_wait *args);
void umcg_tell_locked(struct umcg_thread *server, struct umcg_thread *worker,
		      u32 why);
struct umcg_thread *umcg_runner_locked(struct umcg_thread *server);
int umcg_startable_locked(struct umcg_thread *worker);
void umcg_start_locked(struct umcg_thread *worker, struct umcg_thread *server,
		       struct umcg_wakes *wakes);

/* worker.c */
int umcg_target_check(const struct umcg_thread *self,
		      const struct umcg_thread *target);
void umcg_preempt_locked(struct umcg_thread *worker, struct umcg_wakes *wakes);
int umcg_pass_hold(struct umcg_thread *self);
int umcg_worker_wait(struct umcg_thread *self, const struct umcg_wait *args);
enum hrtimer_restart umcg_wait_timer(struct hrtimer *timer);

/* wake.c */
int umcg_wake(struct umcg_group *group, const struct umcg_wake *args);
int umcg_kick(struct umcg_group *group, const struct umcg_kick *args);
int umcg_kick_worker(struct umcg_thread *worker, struct umcg_thread *server,
		     u32 slice_run, struct umcg_wakes *wakes);
void umcg_remote_locked(struct umcg_thread *thread, bool *add);
void umcg_remote_add(struct umcg_thread *thread);
void umcg_remote_fn(struct callback_head *head);

/* block.c */
extern struct preempt_ops umcg_preempt_ops;
void umcg_block_locked(struct umcg_thread *worker, struct umcg_wakes *wakes);
void umcg_server_irq_work(struct irq_work *work);

/* hold.c */
void umcg_hold_arm(struct umcg_thread *self);
void umcg_hold_fn(struct callback_head *head);
enum hrtimer_restart umcg_hold_timer(struct hrtimer *timer);
int umcg_hold(struct umcg_thread *self, enum umcg_sleep_mode mode);

/* signal.c */
extern bool umcg_canary_sings;
bool umcg_signal_wants(struct umcg_thread *self, enum umcg_sleep_mode mode);
void umcg_signal_look(struct umcg_thread *self);
void umcg_signal_unhide(struct umcg_thread *self);
int umcg_signal_arm(void);
void umcg_signal_disarm(void);

/* exit.c */
int umcg_unregister(struct umcg_thread *self);
void umcg_exit_arm(struct umcg_thread *self);
void umcg_exit_fn(struct callback_head *head);
int umcg_exit_init(void);
int umcg_exit_hooks_arm(void);
void umcg_exit_hooks_disarm(void);

/* hooks.c */
int umcg_hooks_get(void);
void umcg_hooks_put(void);
void umcg_hooks_exit(void);

/* device.c */
int umcg_device_init(void);
void umcg_device_exit(void);

#endif /* _UMCG_MODULE_H */
