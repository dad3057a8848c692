#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the guest of bench/important/run, inside of the root with the programs: a line for
# each way to run the server, "WAY CROWD p50 max others".
#
# The server has processor 0, its clients 1. Both are kept busy by threads
# of SCHED_IDLE, which get only what nobody else wants: QEMU divides itself among those
# that are, and would be faster where the server is alone.

set -u
cd /umcg || exit
crowd=8 count=20 dir=/tmp/important
mkdir -p "$dir"

keep_busy() {
	local cpu
	for cpu in 0 1; do
		taskset -c $cpu chrt -i 0 sh -c 'while :; do :; done' &
	done
}

configure() {
	openssl req -x509 -newkey rsa:4096 -nodes -days 9 -subj /CN=localhost \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null &&
		cat >"$dir/stunnel.conf" <<-END
			foreground = yes
			pid =
			debug = err
			syslog = no
			cert = $dir/cert.pem
			key = $dir/key.pem
			[important]
			accept = 127.0.0.1:7001
			connect = 127.0.0.1:7000
			[others]
			accept = 127.0.0.1:7002
			connect = 127.0.0.1:7000
		END
}

# figures FILE: p50 max others
figures() {
	sort -n "$1" | awk '
		$1 == "others" { others = $2; next }
		{ t[++n] = $1 }
		END {
			printf "%.1f %.1f %.1f\n", t[int((n + 1) / 2)], t[n], others
		}'
}

# measure WAY CROWD COMMAND...: the server is started by COMMAND
measure() {
	local way=$1 threads=$2 server
	shift 2
	taskset -c 0 "$@" stunnel4 "$dir/stunnel.conf" >"$dir/server" 2>&1 &
	server=$!
	until grep -q ' 0100007F:1B59 ' <(awk '{ print " " $2 " " }' /proc/net/tcp); do
		kill -0 $server || { cat "$dir/server" >&2; return 1; }
		sleep 0.1
	done
	if taskset -c 1 timeout 900 python3 bench/important/client.py 7001 7002 "$threads" "$count" \
		>"$dir/times"; then
		echo "$way $threads $(figures "$dir/times")"
	else
		tail -n 5 "$dir/server" "$dir/times" >&2
	fi
	kill $server
	wait $server 2>/dev/null
}

configure || exit
taskset -c 1 python3 bench/important/echo.py 7000 &
keep_busy
prio=(umcg run --policy prio --priority "stunnel4=20" --priority ":7001=10" --priority ":7002=0")
measure stock 0
measure umcg-prio 0 "${prio[@]}" --
measure stock $crowd
measure nice $crowd nice -n -10
measure batch $crowd chrt -b 0
measure fifo $crowd chrt -f 10
measure umcg-prio $crowd "${prio[@]}" --
jobs -p | xargs kill
exit 0
