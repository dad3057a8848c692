#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# libumcg-run: what it stands in front of, and that what is inside of it does not meet
# that. TAP.
#
# shellcheck disable=SC2317 # functions are called by check()

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=../tap.sh
. tests/tap.sh

library=${BUILD:-build}/lib/umcg/libumcg-run.so

in_map() {
	sed -n '/^global:/,/^local:/s/^\t\(.*\);$/\1/p' preload/libumcg-run.map | sort
}

exports() {
	nm -D --defined-only "$library" | sed 's/.* T //' | sort
}

exports_are_the_map() {
	[ -n "$(in_map)" ] && diff <(in_map) <(exports)
}

# No call in it goes to one of its own by way of the program's names.
none_is_called() {
	local name status=0
	for name in $(exports) open; do
		! readelf -rW "$library" | grep -E " $name(@| )" || { echo "$name is called"; status=1; }
	done
	return $status
}

# Each that is resolved is there: what is called when it is not ends the program.
all_are_found() {
	local name
	for name in $(sed -nE 's/^\t\[REAL_.*"(.*)",$/\1/p' preload/real.c); do
		grep -qw "REAL_$name," preload/internal.h || { echo "$name"; return 1; }
	done
	LD_PRELOAD=$PWD/$library sh -c 'exit 7'
	[ $? -eq 7 ]
}

# As it may be loaded into anything: no library but libc.
needs_libc_only() {
	! readelf -dW "$library" | grep NEEDED | grep -vF '[libc.so.6]' | grep -v 'ld-linux'
}

check exports_are_the_map exports_are_the_map
check none_of_them_is_called_inside none_is_called
check all_are_found all_are_found
check needs_libc_only needs_libc_only
tap_end
