#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# docs/errors.md has a row for each error that the header gives a call, and each row
# a test that is there. TAP.

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
header=include/umcg_ioctl.h doc=docs/errors.md
# shellcheck source=../tap.sh
. tests/tap.sh

# "CALL ERROR", from what stands behind " * UMCG_IOC_CALL" up to the next one
in_header() {
	awk '
		/^ \* UMCG_IOC_/ { call = substr($2, 10) }
		/^#define|^ \*\// { call = "" }
		call { gsub(/[^A-Z_]/, " "); for (i = 1; i <= NF; i++)
			if ($i ~ /^E[A-Z]+$/ && $i !~ /^(ENQUEUE|EXIT)$/) print call, $i }' \
		$header | sort -u
}

# What is for all calls, or for a named one, in the first part of the table.
in_general() {
	sed -nE 's/^ \* (E[A-Z]+)\t+(REGISTER|WAIT)([:,].*)?$/\2 \1/p' $header
	echo any ENOTTY
}

in_doc() {
	sed -nE 's/^\| ([A-Za-z]+) \| (E[A-Z]+) \|.*/\1 \2/p' $doc | sort -u
}

without_a_row() {
	{ in_header; in_general; } | sort -u | comm -23 - <(in_doc)
}

not_in_header() {
	{ in_header; in_general; echo mmap ENOMEM; echo lseek EINVAL; echo lseek ESPIPE; } | sort -u | comm -13 - <(in_doc)
}

without_a_test() {
	grep -E '^\| [A-Za-z]+ \| E' $doc | missing_tests
	grep -E '^\| [A-Za-z]+ \| E' $doc | grep -v '`'
}

found_any() {
	[ "$(in_header | wc -l)" -gt 20 ] && [ "$(in_general | wc -l)" -gt 5 ]
}

check header_is_read found_any
check every_error_has_a_row nothing_in without_a_row
check every_row_is_an_error nothing_in not_in_header
check every_row_has_a_test nothing_in without_a_test
tap_end
