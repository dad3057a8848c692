// SPDX-License-Identifier: MIT
/* The ioctls, one to one. */
#include <time.h>

#include "internal.h"

UMCG_PUBLIC int umcg_register(struct umcg_group *g, struct umcg_register *args)
{
	return group_call(g->fd, UMCG_IOC_REGISTER, args);
}

static int register_simply(struct umcg_group *g, __u32 role, __u32 server_tid,
			   __u64 user)
{
	struct umcg_register args = {
		.flags = role,
		.clock = CLOCK_MONOTONIC,
		.server_tid = server_tid,
		.user = user,
	};
	int error = umcg_register(g, &args);

	/* slots_max fits in UMCG_CUR_SLOT_MASK, so an index fits in an int */
	return error ? error : (int)args.slot;
}

UMCG_PUBLIC int umcg_register_server(struct umcg_group *g, __u64 user)
{
	return register_simply(g, UMCG_REG_SERVER, 0, user);
}

UMCG_PUBLIC int umcg_register_worker(struct umcg_group *g, __u32 server_tid, __u64 user)
{
	return register_simply(g, UMCG_REG_WORKER, server_tid, user);
}

UMCG_PUBLIC int umcg_unregister(struct umcg_group *g)
{
	return group_call(g->fd, UMCG_IOC_UNREGISTER, NULL);
}

UMCG_PUBLIC int umcg_wait(struct umcg_group *g, __u32 flags, __u64 timeout)
{
	struct umcg_wait args = { .timeout = timeout, .flags = flags };

	if (!timeout && (g->query.features & UMCG_FEAT_SEEK))
		return group_seek(g->fd, flags, UMCG_SEEK_WAIT);
	return group_call(g->fd, UMCG_IOC_WAIT, &args);
}

UMCG_PUBLIC int umcg_run(struct umcg_group *g, struct umcg_task *self, __u32 tid,
			 __u32 flags, __u64 timeout)
{
	/*
	 * Read by this thread's own system call, so no order is needed; atomic
	 * because a handoff between our workers may change the word meanwhile.
	 */
	__atomic_store_n(&self->next_tid, tid, __ATOMIC_RELAXED);
	return umcg_wait(g, flags, timeout);
}

UMCG_PUBLIC int umcg_wake(struct umcg_group *g, __u32 tid)
{
	struct umcg_wake args = { .tid = tid };

	if (g->query.features & UMCG_FEAT_SEEK)
		return group_seek(g->fd, tid, UMCG_SEEK_WAKE);
	return group_call(g->fd, UMCG_IOC_WAKE, &args);
}

UMCG_PUBLIC int umcg_kick(struct umcg_group *g, __u32 tid, __u32 flags)
{
	struct umcg_kick args = { .tid = tid, .flags = flags };

	return group_call(g->fd, UMCG_IOC_KICK, &args);
}
