/* SPDX-License-Identifier: MIT */
/*
 * umcg.h - libumcg, a thin layer over /dev/umcg
 *
 * A process opens a group, its threads register in it as servers, which
 * schedule, or workers, which are scheduled. <umcg_ioctl.h> says what the kernel
 * does and which error means what; this header adds the open file, its mapping
 * and the taking of lists, and nothing that the kernel would not do by itself.
 *
 *	struct umcg_group *g;
 *	char why[UMCG_WHY_MAX];
 *
 *	if (umcg_available(why, sizeof(why)) < 0)
 *		errx(1, "%s", why);
 *	umcg_open(&g);
 *
 * Results: 0 or something positive for success, a negative errno for failure.
 * errno itself is left as it was, by every function.
 *
 * Nothing is hidden: no threads, no signal handlers, no global state, no memory
 * allocated but by umcg_open(). No call is repeated behind the caller's back:
 * -EINTR and spurious returns of 0 are handed on.
 *
 * Behind the name of each function stands what it may be called from:
 *
 *	MT	any thread, at any time
 *	MT-obj	any thread, but one at a time with the same list
 *	AS	also a signal handler (async-signal-safe)
 *
 * A struct umcg_group is never written after umcg_open(), so threads share it
 * freely until umcg_close(). A child of fork() has no slots: it may call
 * umcg_fd(), umcg_query() and umcg_close(), nothing else.
 */
#ifndef UMCG_H
#define UMCG_H

#include <stddef.h>
#ifndef __cplusplus
#include <stdbool.h>
#endif
#include <umcg_ioctl.h>

#ifdef __cplusplus
extern "C" {
#endif

struct umcg_group;

/* --- is it there? -------------------------------------------------------- */

/* Room for any sentence of umcg_available(), its NUL included. */
#define UMCG_WHY_MAX	256

/**
 * umcg_available() - can this process use UMCG, and if not, why? (MT)
 * @why: gets one sentence for a person to read, empty on success; may be NULL
 * @len: bytes at @why; a longer sentence is cut
 *
 * Opens and closes the device; nothing stays behind.
 *
 * Return: 0, or what umcg_open() would return.
 */
int umcg_available(char *why, size_t len);

/* --- the group ----------------------------------------------------------- */

/**
 * umcg_open() - make a group and map its slots (MT)
 * @g: the group, to be given to umcg_close(); NULL on failure
 *
 * The file is close-on-exec.
 *
 * Return: 0, or
 *   -ENOENT: there is no /dev/umcg: no module, or a container without the node
 *   -ENODEV, -ENXIO: the node is there, the module is not
 *   -EACCES, -EPERM: not for this user, or not in this container
 *   -ENOTTY, -EPROTO: /dev/umcg is something else
 *   -EPROTONOSUPPORT: the module is older than this library
 *   -EMFILE, -ENFILE, -ENOMEM: as everywhere
 */
int umcg_open(struct umcg_group **g);

/**
 * umcg_close() - give the group back (MT)
 * @g: not used again by anybody; NULL is allowed
 *
 * Unmaps the slots and closes the file. When that was the last descriptor and
 * the last mapping, the group ends: threads still registered become plain threads.
 * A thread that is in a call, a server in WAIT or a parked worker, holds the file,
 * as a child does: it sleeps on, and nobody can reach it any more. So let the
 * servers unregister first; the group ends with the last of them.
 */
void umcg_close(struct umcg_group *g);

/**
 * umcg_fd() - the group's file, for poll() and the like (MT, AS)
 * @g: the group
 *
 * Return: the descriptor, which stays the group's: do not close it.
 */
int umcg_fd(const struct umcg_group *g);

/**
 * umcg_query() - what the running module offers, as it was at umcg_open() (MT, AS)
 * @g: the group
 * @q: filled in, all of it; what it held before does not matter
 *
 * Return: 0.
 */
int umcg_query(const struct umcg_group *g, struct umcg_query *q);

/**
 * umcg_slot() - a slot of the group (MT, AS)
 * @g: the group
 * @index: umcg_register::slot, or as umcg_register_server(), umcg_register_worker()
 *	and umcg_list_pop() return it; 0 is the header
 *
 * Return: the slot, good until umcg_close(); NULL if @index is out of range.
 */
struct umcg_task *umcg_slot(const struct umcg_group *g, __u32 index);

/* --- the calls ----------------------------------------------------------- */

/**
 * umcg_register() - make the caller a server or a worker (MT, AS)
 * @g: the group
 * @args: as UMCG_IOC_REGISTER takes it; its @slot is written
 *
 * A worker comes back from here when it is first scheduled, or when the group has
 * ended before that: then its next call says -ESHUTDOWN.
 *
 * Return: 0 or -errno.
 */
int umcg_register(struct umcg_group *g, struct umcg_register *args);

/**
 * umcg_register_server() - umcg_register() with CLOCK_MONOTONIC, no slice (MT, AS)
 * @g: the group
 * @user: put into the slot
 *
 * Return: the index of the caller's slot, greater than 0, or -errno.
 */
int umcg_register_server(struct umcg_group *g, __u64 user);

/**
 * umcg_register_worker() - umcg_register() with CLOCK_MONOTONIC, no slice (MT, AS)
 * @g: the group
 * @server_tid: its home, or 0 for the group list
 * @user: put into the slot
 *
 * Return: the index of the caller's slot, greater than 0, or -errno.
 */
int umcg_register_worker(struct umcg_group *g, __u32 server_tid, __u64 user);

/**
 * umcg_unregister() - make the caller a plain thread again (MT, AS)
 * @g: the group
 *
 * Return: 0 or -errno.
 */
int umcg_unregister(struct umcg_group *g);

/**
 * umcg_wait() - stop the caller, run the worker of its slot's next_tid (MT, AS)
 * @g: the group
 * @flags: UMCG_WAIT_*
 * @timeout: absolute, nanoseconds of the clock of registration; 0 for none
 *
 * Return: 0, perhaps for no reason: look at the slot; or -errno. From a signal
 * handler it stops the thread inside the handler.
 */
int umcg_wait(struct umcg_group *g, __u32 flags, __u64 timeout);

/**
 * umcg_run() - put @tid into next_tid, then umcg_wait() (MT, AS)
 * @g: the group
 * @self: the caller's own slot
 * @tid: the worker to run; 0 to idle (a server) or park (a worker)
 * @flags: UMCG_WAIT_*
 * @timeout: as for umcg_wait()
 *
 * A server that sleeps on after an early return uses umcg_wait(): next_tid then
 * carries UMCG_TID_RUNNING, and this call would fail with -EAGAIN while that worker
 * runs. A worker uses this call each time: umcg_wait() with what a handoff has left
 * in its next_tid is -EINVAL.
 *
 * Return: as umcg_wait().
 */
int umcg_run(struct umcg_group *g, struct umcg_task *self, __u32 tid,
	     __u32 flags, __u64 timeout);

/**
 * umcg_wake() - wake a parked worker, or an idle server (MT, AS)
 * @g: the group
 * @tid: the worker; 0 for any one idle server
 *
 * Return: 0: it was parked and is now on its list, or a server wakes. 1: it was
 * not parked, its next WAIT returns at once. Or -errno.
 */
int umcg_wake(struct umcg_group *g, __u32 tid);

/**
 * umcg_kick() - preempt a worker, or make the WAIT of a server return (MT, AS)
 * @g: the group
 * @tid: the worker or server
 * @flags: UMCG_KICK_*
 *
 * Return: 0 or -errno.
 */
int umcg_kick(struct umcg_group *g, __u32 tid, __u32 flags);

/* --- no-preempt sections ------------------------------------------------- */

/*
 * For a worker that must not lose its turn for a moment: it holds a lock of the
 * scheduler itself, or has a worker in its hands that nobody else knows of.
 * Needs UMCG_FEAT_SECTION. Such a section is short: while it lasts, the server
 * is not told when the worker blocks. It bars nobody for ever: the second time
 * slice that ends in one section preempts all the same.
 *
 * A WAIT that stops the worker ends the section, so whom it was to run is not
 * left behind: pick the next worker and WAIT for it, both inside.
 */

/**
 * umcg_section_begin() - from here on a preemption is owed, not made (MT, AS)
 * @self: the caller's own slot
 *
 * Sections do not nest: a second beginning does nothing, one end ends both.
 */
void umcg_section_begin(struct umcg_task *self);

/**
 * umcg_section_end() - end it, and pay what is owed (MT, AS)
 * @g: the group
 * @self: the caller's own slot
 *
 * If a preemption came due meanwhile, the caller is queued, as by umcg_run() of 0
 * with UMCG_WAIT_ENQUEUE, and comes back when it is switched to. Outside of a
 * section it does nothing.
 *
 * Return: 0; 1 if it was owed and has been paid; or -errno of that WAIT. Whatever
 * it is, the section has ended.
 */
int umcg_section_end(struct umcg_group *g, struct umcg_task *self);

/* --- reading a slot ------------------------------------------------------ */

/*
 * The kernel writes these words at any moment. Each of the functions reads one
 * of them once, and what the kernel wrote into the slot before it wrote that
 * word is seen by the reads that follow.
 */

/**
 * umcg_state() - UMCG_TASK_*, UMCG_TF_*, and what it blocks or blocked in (MT, AS)
 * @t: a slot
 *
 * Return: the word; UMCG_STATE() and UMCG_BLOCKED_IN() take it apart.
 */
__u32 umcg_state(const struct umcg_task *t);

#define UMCG_STATE(state)	((state) & UMCG_TASK_MASK)
#define UMCG_BLOCKED_IN(state)	((state) >> UMCG_BLOCKED_SHIFT)

/**
 * umcg_cur() - a server's last worker and why it stopped (MT, AS)
 * @t: a slot
 *
 * Return: the word; UMCG_CUR_SLOT() and UMCG_CUR_WHY() take it apart.
 */
__u32 umcg_cur(const struct umcg_task *t);

#define UMCG_CUR_SLOT(cur)	((cur) & UMCG_CUR_SLOT_MASK)
#define UMCG_CUR_WHY(cur)	((cur) & UMCG_CUR_WHY_MASK)

/**
 * umcg_next_tid() - whom the next WAIT of that thread runs (MT, AS)
 * @t: a slot
 *
 * Return: the word, with UMCG_TID_RUNNING if that worker was started.
 */
__u32 umcg_next_tid(const struct umcg_task *t);

/**
 * umcg_events() - take what happened to the caller itself (MT, AS)
 * @self: the caller's own slot
 *
 * For a server: what it was told. Workers on a list have theirs taken by
 * umcg_list_pop(); UMCG_EV_QUEUED is therefore left alone.
 *
 * Return: UMCG_EV_* without UMCG_EV_QUEUED; they are cleared in the slot.
 */
__u32 umcg_events(struct umcg_task *self);

/* --- lists --------------------------------------------------------------- */

/**
 * struct umcg_list - workers taken from the kernel's lists, oldest first
 * @first: slot of the next one umcg_list_pop() hands out; 0 if there is none
 * @last: slot of the one it hands out last
 *
 * The list owns no memory: it runs through the slots, which are the caller's
 * from umcg_list_take() to umcg_list_pop() because UMCG_EV_QUEUED keeps the
 * kernel from pushing them again. Workers on it cannot be switched to. Dropping
 * a list that is not empty loses its workers.
 */
struct umcg_list {
	__u32 first;
	__u32 last;
};

/**
 * umcg_list_init() - make it empty, as all zeroes do (MT-obj, AS)
 * @l: the list
 */
void umcg_list_init(struct umcg_list *l);

/**
 * umcg_list_empty() - is nobody on it? (MT-obj, AS)
 * @l: the list
 *
 * Return: whether the next umcg_list_pop() is bound to return 0.
 */
bool umcg_list_empty(const struct umcg_list *l);

/**
 * umcg_list_take() - take all of a kernel list, append it to @l (MT-obj, AS)
 * @g: the group
 * @slot: of the server whose list it is, the caller's or another's; 0 for the
 *        group list
 * @l: the list
 *
 * Several threads may take the same list: each worker goes to one of them. When
 * a push is under way, the call waits for it, a few instructions as a rule.
 *
 * Return: how many were taken, or -EINVAL if @slot is out of range.
 */
int umcg_list_take(struct umcg_group *g, __u32 slot, struct umcg_list *l);

/**
 * umcg_list_pop() - the oldest of a taken list (MT-obj, AS)
 * @g: the group
 * @l: the list
 * @events: gets its UMCG_EV_*, UMCG_EV_QUEUED among them; may be NULL
 *
 * From here on the worker can be switched to, and the kernel may push it again.
 * A server that died comes this way, too, with UMCG_EV_REHOMED: what was on its
 * list is then on @l.
 *
 * With UMCG_EV_EXIT it is gone and its slot may be another's the moment this
 * returns: whoever needs its tid or user word reads slot @l->first before.
 *
 * Return: its slot, or 0 if there is none.
 */
__u32 umcg_list_pop(struct umcg_group *g, struct umcg_list *l, __u32 *events);

#ifdef __cplusplus
}
#endif

#endif /* UMCG_H */
