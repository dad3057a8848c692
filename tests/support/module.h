/* SPDX-License-Identifier: GPL-2.0-only */
/* module.h - umcg.ko itself: load, unload, who uses it */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>

/*
 * Insert the module; it is no error if it is there. From where modules of this
 * kernel live, or the file that the environment names as UMCG_MODULE.
 * Return: 0 or -errno.
 */
int module_load(void);

/* Remove it, without waiting for its users. Return: 0 or -errno. */
int module_unload(void);

/* How many use it; -1 if it is not there. */
int module_refcount(void);

/* Words for an error of module_load(). */
const char *module_strerror(int error);

#endif /* MODULE_H */
