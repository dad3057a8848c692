// SPDX-License-Identifier: GPL-2.0-only
/* Generations, one after the other, and what they came to. */
#include <stdio.h>
#include <sys/mman.h>

#include "clock.h"
#include "fuzz.h"
#include "kmsg.h"
#include "suite.h"

struct fuzz_shared *fuzz_shared(void)
{
	void *memory = mmap(NULL, sizeof(struct fuzz_shared),
			    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void fuzz_report(const struct fuzz_shared *s)
{
	char line[512];
	int length = 0, i;

	for (i = 0; i < FUZZ_OPS; i++)
		length += snprintf(line + length, sizeof(line) - length,
				   "%s %lu/%lu, ", fuzz_names[i], s->good[i],
				   s->done[i]);
	note("%shandoff %lu", line, s->handoffs);
}

bool fuzz_run(struct fuzz_shared *s, unsigned long seed, __u64 ns, __u64 every)
{
	__u64 random = fuzz_state(seed, 0, 0), begin = now(), told = begin;
	int log = kmsg_open();
	unsigned int generation;
	const char *bad;

	note("seed %lu", seed);
	for (generation = 0; now() - begin < ns; generation++) {
		__u64 length = 200 * MSEC + fuzz_below(&random, 1500 * MSEC);
		bool good = fuzz_generation(s, seed, generation, length);

		bad = kmsg_bad(log);
		if (bad)
			fuzz_wrong(s, "the kernel log: %s", bad);
		if (!good || bad) {
			note("seed %lu, generation %u: %s", seed, generation,
			     s->wrong);
			return false;
		}
		if (every && now() - told >= every) {
			told = now();
			note("%llu s, %u generations",
			     (told - begin) / SEC, generation + 1);
			fuzz_report(s);
		}
	}
	note("%u generations", generation);
	fuzz_report(s);
	return true;
}
