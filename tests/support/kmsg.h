/* SPDX-License-Identifier: GPL-2.0-only */
/* kmsg.h - what the kernel says from now on */
#ifndef KMSG_H
#define KMSG_H

int kmsg_open(void);

/* Nothing about us, and nothing bad: or the test has failed. */
void kmsg_clean(int log);

#endif /* KMSG_H */
