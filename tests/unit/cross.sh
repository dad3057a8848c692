#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All of the user's side is C that other processors understand, too, and 32 bits are
# enough for: the library, the header, the tools and the tests are compiled for them,
# not run. TAP.
#
# What is about one processor's machine code says so, and why, in a line of its own:
#
#	/* arch: x86-64: WHY */
#
# shellcheck disable=SC2317 # functions are called by check()

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=../tap.sh
. tests/tap.sh
tmp=$tap_tmp
flags=(-std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
	-Iinclude -Ilib -Isync -Iruntime -Itrace -Ibuild/obj/trace -Itests/support -fsyntax-only)

sources() {
	find lib sync runtime preload trace tools bench examples tests -name '*.c' ! -path 'tests/vm/*' -print0 |
		xargs -0 grep -L '^/\* arch: x86-64: '
}

# compiles COMPILER...: all of them; a line for each that is not
compiles() {
	sources | xargs -P "$(nproc)" -I {} sh -c '
		file=$1; shift
		"$@" "$file" 2>"$0/${file##*/}.err" || { echo "$file:"; cat "$0/${file##*/}.err"; exit 1; }
		' "$tmp" {} "$@" "${flags[@]}"
}

# target NAME PACKAGES COMPILER...
target() {
	local name=$1 packages=$2
	shift 2
	if ! echo '#include <stdio.h>' | "$@" -x c -fsyntax-only - 2>/dev/null; then
		skip "$name" "no compiler or libc for it (packages $packages)"
	else
		check "$name" compiles "$@"
	fi
}

# The headers of check, liburing and libkmod are the same for all.
target arm64 "gcc-aarch64-linux-gnu libc6-dev-arm64-cross" \
	aarch64-linux-gnu-gcc -idirafter /usr/include
# <asm/errno.h> and its like are where only gcc-multilib would make them be found.
target i386 "libc6-dev-i386" "${CC:-gcc}" -m32 \
	-idirafter "/usr/include/$("${CC:-gcc}" -print-multiarch)"

tap_end
