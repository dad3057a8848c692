#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Everything that docs/interleavings.md refers to is there: functions, tests, ways
# to break the model, scenarios. TAP.

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
doc=docs/interleavings.md
# shellcheck source=../tap.sh
. tests/tap.sh

rows() {
	grep -E '^\| [0-9]+ \|' "$doc"
}

# column N, without its backquotes, where it says "file.c: one, two; other.c: three"
column() {
	rows | cut -d'|' -f"$1"
}

functions() {
	local file names name
	column 4 | grep -oE '[a-z/]+\.[ch]: `[a-z_]+`(, `[a-z_]+`)*' | tr -d '`,' |
		while read -r file names; do
			file=${file%:}
			[ "$file" != "${file#lib/}" ] || file=module/$file
			for name in $names; do
				grep -qE "^[A-Za-z].*\b$name\(|^COMPAT_[A-Z_]+\($name\)" "$file" ||
					echo "$file: $name"
			done
		done
}

suites() {
	column 5 | missing_tests
}

mutations() {
	column 5 | grep -oE 'MUT_[A-Z0-9_]+' | while read -r name; do
		grep -q "^${name}[[:space:]]" tests/model/mutations || echo "$name"
	done
}

# Each row says what answers it and what shows it.
columns() {
	rows | awk -F'|' 'NF != 6 || $4 !~ /\.c: `/ || $5 !~ /[a-z]|MUT/ { print $2 }'
}

check rows_are_whole nothing_in columns
check functions_are_there nothing_in functions
check tests_are_there nothing_in suites
check mutations_are_there nothing_in mutations
tap_end
