#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who may do what with each file: its first lines, .reuse/dep5 and debian/copyright say
# the same of it, and the texts are there. TAP.
#
# shellcheck disable=SC2317 # functions are called by check()

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=../tap.sh
. tests/tap.sh

files() {
	find . \( -path ./.git -o -path ./build -o -path ./LICENSES \) -prune -o \
		-type f -printf '%P\n' | LC_ALL=C sort
}

# licence_in FILE: as it says itself; nothing if it does not
licence_in() {
	head -n 3 "$1" | sed -nE 's/.*SPDX-License-Identifier: *(.*[A-Za-z0-9])( \*\/| -->)?$/\1/p' | head -n 1
}

# licence_by LIST FILE: what the list says of it, the last word counts
licence_by() {
	awk -v file="$2" '
		/^Files:/	{ matches = 0; sub(/^Files: */, ""); files = 1 }
		/^[A-Z]/ && !/^Files/ && files && !/^[A-Za-z.]+[\/*]/ { files = 0 }
		files {
			for (i = 1; i <= NF; i++) {
				re = $i
				gsub(/[.]/, "[.]", re)
				gsub(/[*]/, ".*", re)
				if (file ~ "^" re "$")
					matches = 1
			}
		}
		/^License:/ && matches { sub(/^License: */, ""); found = $0; matches = 0 }
		END { print found }' "$1"
}

# What Debian calls them.
debian_name() {
	sed -e 's/(\(.*\)) OR/\1 OR/; s/GPL-2.0-only/GPL-2/g; s/ WITH /-with-/' \
		-e 's/ OR / or /; s/MIT/Expat/'
}

files_say_what_the_lists_say() {
	local f says wanted status=0
	while IFS= read -r f; do
		wanted=$(licence_by .reuse/dep5 "$f")
		says=$(licence_in "$f")
		[ -z "$says" ] || [ "$says" = "$wanted" ] ||
			{ echo "$f: $says, but .reuse/dep5: $wanted"; status=1; }
		[ "$(debian_name <<<"$wanted")" = "$(licence_by debian/copyright "$f")" ] ||
			{ echo "$f: debian/copyright: $(licence_by debian/copyright "$f")"; status=1; }
	done < <(files)
	return "$status"
}

texts_are_there() {
	local name status=0
	for name in $(sed -n 's/^License: //p' .reuse/dep5 | grep -oE '[A-Za-z0-9.-]{3,}' |
		grep -vxE 'WITH|AND|OR' | sort -u); do
		[ -s "LICENSES/$name.txt" ] || { echo "no LICENSES/$name.txt"; status=1; }
	done
	return "$status"
}

check files_say_what_the_lists_say files_say_what_the_lists_say
check texts_are_there texts_are_there
if command -v reuse >/dev/null; then
	check reuse_lint reuse --no-multiprocessing lint
else
	skip reuse_lint "no reuse (package reuse)"
fi

tap_end
