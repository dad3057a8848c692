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

# tap_end: the plan, and the script's exit status
tap_end() {
	echo "1..$tap_number"
	exit $tap_failed
}
