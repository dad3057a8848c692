# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# CPython's own tests of threads, queues and executors.

# shellcheck source=lib/inside.sh
. /umcg/tests/programs/lib/inside.sh

export PYTHONDONTWRITEBYTECODE=1

# Processes, of which there are hundreds, are left to its own way of starting them: fork.
suites=(test_threading test_queue)
executors=(-m 'ThreadPool*' -m 'ProcessPoolForkWaitTest' -m 'FutureTests' test_concurrent_futures)

# result FILE: how many tests were run, and how that went
result() {
	grep -E '^(Ran [0-9]+ tests?|OK|FAILED|Total tests|Result|Tests result)' "$1" |
		sed 's/ in [0-9.]*s$//'
}

# same_result OPTION...
same_result() {
	python3 -m test -v "$@" >"$tmp/plain" 2>&1
	result "$tmp/plain"
	result "$tmp/out"
	diff <(result "$tmp/plain") <(result "$tmp/out") && grep -q '^OK' "$tmp/out"
}

for what in suites executors; do
	declare -n options=$what
	check "${what}_run" under -- python3 -m test -v "${options[@]}"
	check "${what}_same_result" same_result "${options[@]}"
	is_scheduled
done
tap_end
