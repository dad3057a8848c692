// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pause for ever, a little at a time.
 *
 * Under icount QEMU 7.2 turns to the guest's next processor when one says PAUSE or HLT,
 * but seldom when its time is up. Linux 6.1 waits for a processor that it starts in a
 * loop of schedule(), which says neither: so let that find something to run.
 */
/* arch: x86-64: PAUSE is its instruction, and so is the guest */
#include <sched.h>

int main(void)
{
	for (;;) {
		__builtin_ia32_pause();
		sched_yield();
	}
}
