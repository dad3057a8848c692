/* SPDX-License-Identifier: GPL-2.0-only */
/* kmsg.h - what the kernel says from now on */
#ifndef KMSG_H
#define KMSG_H

int kmsg_open(void);

/* The first line about us, or about something bad; NULL if there is none. */
const char *kmsg_bad(int log);

/* There must be none, or the test has failed. */
void kmsg_clean(int log);

#endif /* KMSG_H */
