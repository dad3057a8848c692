# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts in tests/unit/ to source: tests that are commands, told of as TAP.
# Output that belongs to a failure goes to a folder that ends with the script.

tap_tmp=$(mktemp -d) || exit
trap 'rm -rf "$tap_tmp"' EXIT
tap_number=0 tap_failed=0

# check NAME COMMAND...: a test; its output is shown when it fails
check() {
	local name=$1 result=ok
	shift
	tap_number=$((tap_number + 1))
	if ! "$@" >"$tap_tmp/output" 2>&1; then
		sed 's/^/# /' "$tap_tmp/output"
		result='not ok'
		tap_failed=1
	fi
	echo "$result $tap_number - $name"
}

# skip NAME WHY
skip() {
	tap_number=$((tap_number + 1))
	echo "# SKIP $2"
	echo "ok $tap_number - $1"
}

# nothing_in FUNCTION: for check(); it prints what is missing, a line each
nothing_in() {
	local missing
	missing=$("$1")
	[ -z "$missing" ] || { printf '%s\n' "$missing" | sed 's/^/not there: /'; return 1; }
}

# missing_tests: those of "`suite: test`" on stdin that tests/suites/ does not have
missing_tests() {
	local suite name
	# shellcheck disable=SC2016
	grep -oE '`[a-z_]+: [a-z0-9_]+`' | tr -d '`' |
		while IFS=': ' read -r suite name; do
			grep -qs "^START_TEST($name)" "tests/suites/$suite.c" ||
				echo "$suite: $name"
		done
}

# tap_end: the plan, and the script's exit status
tap_end() {
	echo "1..$tap_number"
	exit $tap_failed
}
