# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# redis-server with threads for its input and output, redis-benchmark.

# shellcheck source=lib/inside.sh
. /umcg/tests/programs/lib/inside.sh

server=(redis-server --io-threads 4 --io-threads-do-reads yes --appendonly no --save "")

# cli PORT COMMAND...
cli() {
	redis-cli -p "$@"
}

answers() {
	local tries=300
	until [ "$(cli "$1" ping 2>/dev/null)" = PONG ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# client PORT FILE: the state that is left, and how many commands of each sort there were
client() {
	answers "$1" &&
		redis-benchmark -p "$1" -c 16 -n 200 -t set,get,incr,lpush,mset -q >"$tmp/benchmark" &&
		redis-benchmark -p "$1" -c 16 -n 300 -q incr counted >>"$tmp/benchmark" || return
	{
		cli "$1" get counted
		cli "$1" llen mylist
		cli "$1" get counter:__rand_int__
		cli "$1" info commandstats | sed -nE 's/^cmdstat_(set|get|incr|lpush|mset):(calls=[0-9]+).*/\1 \2/p' |
			sort
	} | tee "$2"
	grep -qx 300 "$2"
}

# SIGTERM, a child for the background save, and exit() of the server.
ends() {
	[ "$(cli 6380 bgsave)" = "Background saving started" ] || return
	until cli 6380 info persistence | grep -q '^rdb_bgsave_in_progress:0'; do
		sleep 0.1
	done
	cli 6380 info persistence | grep '^rdb_last_bgsave_status:ok' || return
	kill -TERM "$program" && finish
}

plain() {
	"${server[@]}" --port 6379 --dir "$tmp/plain.dir" >"$tmp/plain.out" 2>&1 &
	client 6379 "$tmp/plain" && kill -TERM $! && wait $!
}

same_state() {
	cmp "$tmp/plain" "$tmp/answers"
}

# each has a place of its own to save to, and finds nothing there
mkdir "$tmp/dir" "$tmp/plain.dir"
start -- "${server[@]}" --port 6380 --dir "$tmp/dir"
check serves client 6380 "$tmp/answers"
check saves_and_ends ends
check plain plain
check same_state same_state
# jemalloc makes its thread by libc's own pthread_create()
is_scheduled jemalloc_bg_thd
tap_end
