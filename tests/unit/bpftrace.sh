#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bpftrace takes the scripts in tools/bpftrace/, with the fields that module/trace.h has.
# Nothing is traced: it sees events that are made up, in mounts of its own. TAP.
#
# shellcheck disable=SC2317 # functions are called by check()

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=../tap.sh
. tests/tap.sh

fields() {
	sed -nE 's/^\t*(UMCG_TRACE_[A-Z]+ *)?.*__field\(u32, ([a-z]+)\).*/\2/p' module/trace.h | sort -u
}

used() {
	grep -ohE 'args->[a-z]+' tools/bpftrace/*.bt | sed 's/args->//' | sort -u
}

# umcg_server_wake alone has one that is not a u32
missing_fields() {
	used | comm -23 - <({ fields; echo result; } | sort -u)
}

missing_events() {
	local event
	for event in $(grep -ohE 'umcg:umcg_[a-z_]+' tools/bpftrace/*.bt | sed 's/umcg://' | sort -u); do
		grep -qE "^(TRACE_EVENT\\(|DEFINE_EVENT\\(umcg_stop, )$event," module/trace.h ||
			echo "$event"
	done
}

# make_events: each with all fields
make_events() {
	local dir=/sys/kernel/tracing event field offset
	mount -t tmpfs none $dir || return
	for event in $(grep -ohE 'umcg_[a-z_]+' tools/bpftrace/*.bt | sort -u); do
		mkdir -p "$dir/events/umcg/$event"
		offset=8
		{
			printf 'name: %s\nID: 1000\nformat:\n' "$event"
			for field in $(fields); do
				printf '\tfield:u32 %s;\toffset:%d;\tsize:4;\tsigned:0;\n' \
					"$field" $offset
				offset=$((offset + 4))
			done
			printf '\nprint fmt: ""\n'
		} >"$dir/events/umcg/$event/format"
		echo "umcg:$event" >>$dir/available_events
	done
}

# The kernel's own messages are in its output, too: the status counts.
is_taken() {
	unshare -m bash -c "$(declare -f fields make_events)
		make_events && bpftrace -d '$1' 100"
}

check fields_are_there nothing_in missing_fields
check events_are_there nothing_in missing_events
for script in tools/bpftrace/*.bt; do
	name=$(basename "$script" .bt) name=${name//-/_}_is_taken
	if ! command -v bpftrace >/dev/null; then
		skip "$name" "no bpftrace"
	elif ! unshare -m mount -t tmpfs none /sys/kernel/tracing 2>/dev/null; then
		skip "$name" "mounts of its own need root, and a kernel with tracing"
	else
		check "$name" is_taken "$script"
	fi
done

tap_end
