// SPDX-License-Identifier: MIT
/* What a module may offer, in words. */
#include "tool.h"

const struct feature features[] = {
	{ UMCG_FEAT_HANDOFF, "handoff", "a worker can hand its turn to another worker" },
	{ UMCG_FEAT_WAKE, "wake", "parked workers and idle servers can be woken" },
	{ UMCG_FEAT_KICK, "kick", "running workers can be preempted" },
	{ UMCG_FEAT_WORKER_TIMEOUT, "worker-timeout", "a worker can park until a given time" },
	{ UMCG_FEAT_SIGNALS, "signals", "no signal handler of a worker runs unscheduled" },
	{ UMCG_FEAT_TIMESTAMPS, "timestamps", "slots tell when a worker blocked, and could run" },
	{ UMCG_FEAT_SLICE, "slice", "workers are preempted when their time slice ends" },
	{ UMCG_FEAT_SECTION, "section", "a worker can put a preemption off for a moment" },
	{ UMCG_FEAT_NOTIFY, "notify", "a server can be told of whatever comes to its list" },
	{ UMCG_FEAT_SHARED, "shared", "idle servers take the workers of busy ones" },
	{ UMCG_FEAT_MULTI, "multi", "a server can run several workers at a time" },
	{ UMCG_FEAT_POLL, "poll", "the group's file can be polled" },
	{ UMCG_FEAT_SEEK, "seek", "WAIT and WAKE cost less by lseek()" },
	{ 0 }
};

__u64 features_unknown(__u64 set)
{
	const struct feature *f;

	for (f = features; f->bit; f++)
		set &= ~f->bit;
	return set;
}
