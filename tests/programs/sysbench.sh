# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# sysbench: its threads, mutex and memory, all events of each.

# shellcheck source=lib/inside.sh
. /umcg/tests/programs/lib/inside.sh

sorts=(threads mutex memory)
threads=(--threads=16 --events=300 --time=0 --thread-yields=100 --thread-locks=4)
mutex=(--threads=16 --mutex-num=16 --mutex-locks=300 --mutex-loops=100)
memory=(--threads=8 --time=0 --memory-block-size=64K --memory-total-size=128M)

# counts FILE: what does not depend on time
counts() {
	grep -E '^ *(total number of events|Total operations):? ' "$1" | sed 's/(.*//'
}

# same_counts SORT OPTION...
same_counts() {
	sysbench "$@" run >"$tmp/plain" && counts "$tmp/plain" && counts "$tmp/out" &&
		[ -n "$(counts "$tmp/out")" ] && [ "$(counts "$tmp/out")" = "$(counts "$tmp/plain")" ]
}

for sort in "${sorts[@]}"; do
	declare -n options=$sort
	check "${sort}_runs" under -- sysbench "$sort" "${options[@]}" run
	check "${sort}_same_counts" same_counts "$sort" "${options[@]}"
	is_scheduled
done
tap_end
