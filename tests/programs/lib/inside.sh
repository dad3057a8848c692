# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests/programs/NAME.sh to source, inside of the guest. Each compares what a program
# does under umcg run with what it does as it is, and asks whether it was scheduled: all
# of its threads were in the group, its servers kept their number, and blocks were seen.

set -u -o pipefail
cd /umcg || exit
# shellcheck source=../../tap.sh
. tests/tap.sh
tmp=$tap_tmp
servers=2	# of four processors

note() {
	echo "# $*"
}

# tasks PID: those of its threads that are in no group, "tid name" each. Those that are
# there before and after: a thread registers itself when it begins.
plain_tasks() {
	local before
	before=$(cd "/proc/$1/task" 2>/dev/null && echo *)
	umcg ps -p "$1" 2>/dev/null | awk -v all="$before" '
		$1 ~ /^[0-9]+$/ { there[$1] }
		END {
			n = split(all, tid, " ")
			for (i = 1; i <= n; i++)
				if (!(tid[i] in there))
					print tid[i]
		}' | while read -r tid; do
			read -r name <"/proc/$1/task/$tid/comm" && echo "$tid $name"
		done 2>/dev/null
}

# watch PID: to $tmp/watch: plain threads that were seen twice, the most threads there
# were, and processor time against time, in ticks.
watch() {
	local pid=$1 last='' now threads most=0 stat up
	while [ -e "/proc/$pid/task" ] && kill -0 "$pid" 2>/dev/null; do
		now=$(plain_tasks "$pid")
		comm -12 <(sort <<<"$last") <(sort <<<"$now") | sed -n 's/^[0-9]* /plain /p'
		last=$now
		threads=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)
		[ "$threads" -le "$most" ] || most=$threads
		read -r up _ </proc/uptime
		stat=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) || break
		# shellcheck disable=SC2086
		set -- $stat
		[ "$1" != Z ] && echo "time $((${12} + ${13})) $((${up/./} - ${20}))"
		echo "threads $most"
		sleep 0.3
	done >"$tmp/watch" 2>/dev/null
}

# start OPTION... -- COMMAND...: in the background, under umcg run, and watched. Its
# output goes to $tmp/out and $tmp/err.
start() {
	rm -f "$tmp/stats"
	umcg run --servers "$servers" --stats="$tmp/stats" "$@" >"$tmp/out" 2>"$tmp/err" \
		</dev/null &
	program=$!
	watch $program &
	watcher=$!
}

# finish: wait for its end; its status
finish() {
	local status
	wait "$program"
	status=$?
	wait "$watcher"
	return $status
}

# under OPTION... -- COMMAND...: both
under() {
	start "$@"
	finish || { echo "status $?"; tail -n 20 "$tmp/out" "$tmp/err"; return 1; }
}

# all_registered RE...: but those of such names, which the program does not make by
# pthread_create()
all_registered() {
	local names others
	others=$(IFS='|' && echo "$*")
	grep -q '^threads ' "$tmp/watch" || { echo "it was over before it was seen"; return 1; }
	names=$(sed -n 's/^plain //p' "$tmp/watch" | sort -u | grep -vxE -- "$others")
	[ -z "$names" ] || { echo "in no group: $names"; return 1; }
}

# No more processors than servers: a tenth is for what threads do before they register,
# and the clock's ticks.
few_processors() {
	awk -v servers="$servers" '
		$1 == "time" { cpu = $2; wall = $3 }
		END {
			printf "%.2f of %d processors in %.1f s\n", cpu / wall, servers, wall / 100
			exit !(wall > 0 && cpu <= servers * wall * 1.1 + 10)
		}' "$tmp/watch"
}

# blocks_seen: by all servers of all its processes
blocks_seen() {
	awk '$1 == "all" && NF > 8 { blocks += $3; runs += $2 }
		END { print runs + 0 " runs, " blocks + 0 " blocks"; exit !blocks }' "$tmp/stats"
}

# is_scheduled RE...: three tests of it
is_scheduled() {
	note "$(few_processors), $(tail -n 1 "$tmp/watch"), $(blocks_seen)"
	check every_thread_is_registered all_registered "$@"
	check no_more_processors_than_servers few_processors
	check blocks_are_seen blocks_seen
}

# some_data SIZE: bytes like those of programs and texts, the same each time
some_data() {
	cat /usr/lib/x86_64-linux-gnu/lib[a-m]*.so* /usr/bin/[a-e]* 2>/dev/null | head -c "$1"
}
