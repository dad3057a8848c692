// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, and numbers that hurt. */
#include "fuzz.h"

/* xorshift64*: a word of state, which is never 0. */
__u64 fuzz_random(__u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL >> 8;
}

__u32 fuzz_below(__u64 *state, __u32 n)
{
	return fuzz_random(state) % n;
}

bool fuzz_once_in(__u64 *state, __u32 n)
{
	return !fuzz_below(state, n);
}

__u64 fuzz_hostile(__u64 *state)
{
	static const __u64 words[] = {
		0, 1, 2, 3, UMCG_LIST_END, UMCG_LIST_PENDING, UMCG_TID_RUNNING,
		UMCG_EV_QUEUED, UMCG_TID_MASK, 0x7fffffff, 0xffff, 0x10000,
		UMCG_CUR_RUNNING | 1, UMCG_CUR_EXIT | 1, 0xffffffffffffffffULL,
		0x8000000000000000ULL, 0x7fffffffffffffffULL,
		0xffff888000000000ULL, UMCG_TASK_RUNNING,
		UMCG_TASK_RUNNABLE | UMCG_TF_PARKED, UMCG_EV_EXIT,
		UMCG_SECTION_NOPREEMPT, UMCG_SECTION_OWED,
	};
	__u32 n = sizeof(words) / sizeof(*words);
	__u32 i = fuzz_below(state, n + 4);

	if (i < n)
		return words[i];
	/* small, a bit, or any */
	if (i == n)
		return fuzz_below(state, FUZZ_SLOTS);
	if (i == n + 1)
		return 1ULL << fuzz_below(state, 64);
	return fuzz_random(state);
}

/* The same for everybody who asks for the same, and unlike all others. */
__u64 fuzz_state(unsigned long seed, unsigned int generation, unsigned int who)
{
	__u64 state = seed * 0x9e3779b97f4a7c15ULL + generation * 1000003ULL +
		      who * 7919ULL + 1;
	int i;

	for (i = 0; i < 8; i++) {
		if (!state)
			state = 88172645463325252ULL;
		fuzz_random(&state);
	}
	return state;
}
