# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# When each release last passed, in tests/package/last-passed: a line for each,
#
#	RELEASE DATE COMMIT SECONDS
#
# of processor time: what it takes on a machine that is busy with others says little.

passed_file=$here/last-passed

# processor_seconds FILE: how much all that this shell has run took, to FILE. No subshell:
# that has run nothing.
processor_seconds() {
	times >"$1.times"
	tail -n 1 "$1.times" | tr 'ms' '  ' | awk '{ printf "%d\n", 60 * ($1 + $3) + $2 + $4 }' >"$1"
}

# passed_write RELEASE SECONDS: now, of what is checked out
passed_write() {
	local commit
	commit=$(git -C "$repo" describe --always --dirty 2>/dev/null) || commit=unknown
	{
		grep -sv "^$1 " "$passed_file"
		echo "$1 $(date -u +%F) $commit $2"
	} | LC_ALL=C sort >"$passed_file.new" && mv "$passed_file.new" "$passed_file"
}

# passed_last RELEASE: in words
passed_last() {
	local day commit seconds
	read -r _ day commit seconds < <(grep -s "^$1 " "$passed_file") ||
		{ echo "it has never passed (make check-packages RELEASE=$1)"; return; }
	echo "it last passed on $day at $commit, in $seconds s of processor time (make check-packages RELEASE=$1)"
}

# passed_fits RELEASE MINUTES: would it be finished by then? By half more than it took
# last, on one processor, and five minutes for each root that is to be made. One that never
# passed is a quarter of an hour.
passed_fits() {
	local seconds kind
	read -r _ _ _ seconds < <(grep -s "^$1 " "$passed_file")
	seconds=$((${seconds:-600} * 3 / 2))
	for kind in build machine; do
		[ -e "$(root_tar "$1" "$kind")" ] || seconds=$((seconds + 300))
	done
	[ $((SECONDS + seconds)) -le $(($2 * 60)) ]
}
