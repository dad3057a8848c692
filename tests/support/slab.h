/* SPDX-License-Identifier: GPL-2.0-only */
/* slab.h - how many objects of a kind the kernel has */
#ifndef SLAB_H
#define SLAB_H

/*
 * Objects of that cache, once it is shrunk: what is free on some processor's slab
 * counts until then. -1: there is no such cache, or it shares one with others.
 */
long slab_objects(const char *name);

#endif /* SLAB_H */
