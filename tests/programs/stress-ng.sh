# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# stress-ng: those of its stressors that are about threads, with its own verification.

# shellcheck source=lib/inside.sh
. /umcg/tests/programs/lib/inside.sh

stress() {
	local name=$1 ops=$2
	note "$name"
	check "${name//-/_}" under -- stress-ng "--$name" 1 "--$name-ops" "$ops" --verify \
		--timeout 60 --metrics-brief
	check "${name//-/_}_blocks_are_seen" blocks_seen
}

stress pthread 300
stress mutex 2000
stress sem 5000
stress futex 2000
stress fork 50
stress vfork 50
stress daemon 20
stress yield 2000
stress poll 500
stress timer 500
stress sigq 500
stress membarrier 20
tap_end
