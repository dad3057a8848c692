# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# memcached: four worker threads of its own, a client with sixteen.

# shellcheck source=lib/inside.sh
. /umcg/tests/programs/lib/inside.sh

server=(memcached -u root -t 4 -m 64 -l 127.0.0.1)

answers() {
	local tries=300
	until (exec 3<>/dev/tcp/127.0.0.1/"$1") 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

client() {
	answers "$1" && python3 tests/programs/lib/memcached.py "$1" | tee "$2"
}

# It says "Signal handled: Terminated." and exits.
ends() {
	kill -TERM "$program" && finish
}

plain() {
	"${server[@]}" -p 11211 >"$tmp/plain.out" 2>&1 &
	client 11211 "$tmp/plain" && kill -TERM $! && wait $!
}

same_answers() {
	cmp "$tmp/plain" "$tmp/answers"
}

start -- "${server[@]}" -p 11212
check serves client 11212 "$tmp/answers"
check ends_by_sigterm ends
check plain plain
check same_answers same_answers
is_scheduled
tap_end
