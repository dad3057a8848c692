#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Each row of docs/endings.md names a test, and that is there. TAP.

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
doc=docs/endings.md
# shellcheck source=../tap.sh
. tests/tap.sh

rows() {
	grep -E '^\| ' "$doc" | grep -v '^| what |'
}

tests_are_there() {
	rows | missing_tests
}

without_a_test() {
	# shellcheck disable=SC2016
	rows | grep -vE '`[a-z_]+: [a-z0-9_]+`[^|]*\|$'
}

found_any() {
	[ "$(rows | wc -l)" -gt 40 ]
}

check table_is_read found_any
check every_row_has_a_test nothing_in without_a_test
check tests_are_there nothing_in tests_are_there
tap_end
