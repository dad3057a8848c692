/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The one version of all that is here: module, library, command. Not installed.
 * dkms.conf and debian/changelog must have it as literals: tests/unit/package.sh
 * holds them to it.
 */
#ifndef _UMCG_VERSION_H
#define _UMCG_VERSION_H

#define UMCG_VERSION	"0.1.0"

#endif /* _UMCG_VERSION_H */
