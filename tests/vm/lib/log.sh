# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# The kernel log: what in it is a failure, and how it is shown.

# log_bad: one expression for all. Case matters: firmware and drivers write
# "Warning", and "DEBUG" has a BUG in it.
log_bad() {
	paste -sd'|' <<-'EOF'
		(^|[^A-Za-z_])BUG[: ]
		WARNING:
		\[ cut here \]
		Oops:
		general protection fault
		possible (circular|recursive) locking
		INFO: possible
		(inconsistent|irq|invalid) lock (state|inversion)|Invalid wait context
		bad unlock balance|held lock freed|lock held when returning|DEBUG_LOCKS_WARN_ON
		suspicious (RCU usage|rcu_[a-z_]*\(\) usage)
		rcu.*(detected( expedited)? stall|stalls on CPUs|kthread starved)
		blocked for more than [0-9]+ seconds
		soft lockup|[Hh]ard LOCKUP
		K[ACM]SAN:|UBSAN:|KFENCE:
		sleeping function called|scheduling while atomic
		refcount_t:|list_(add|del) corruption|ODEBUG:|stack-protector:
		[Bb]ad page (state|map)|workqueue leaked
		kmemleak: [0-9]+ new suspected
		Kernel panic
	EOF
}

# log_drop_races_of_linux: KCSAN tells of data races between two functions of the
# kernel itself, too; it has dozens, most of them meant. An rhashtable is the
# kernel's, though compiled into the module.
log_drop_races_of_linux() {
	sed -E '/BUG: KCSAN: data-race/ {
		h
		s/_*(rht|rhashtable)_[A-Za-z0-9_.]+ \[umcg\]//g
		/\[umcg\]/!d
		g
	}'
}

# log_violations [ALLOWED]... <LOG: the offending lines, numbered; the status is 1 if
# there are none.
log_violations() {
	local allowed='^$'
	[ $# -eq 0 ] || allowed=$(printf '%s\n' "$@" | paste -sd'|')
	grep -anE "$(log_bad)" | log_drop_races_of_linux | grep -avE "$allowed"
}

# log_show TITLE FILE FROM [TO]: some lines; a negative FROM alone counts from the
# end.
log_show() {
	local from=$3
	say "$1:"
	if [ $# -eq 3 ]; then
		tail -n "${from#-}" "$2"
	else
		sed -n "$((from > 1 ? from : 1)),$4p" "$2"
	fi | sed 's/^/  | /' | tr -d '\r' >&2
}

# log_hang FILE FROM: what sysrq l and t told behind line FROM, a line for each
# processor and each thread of a program (those have registers of user mode; a
# kernel thread has none): where it is, innermost first.
log_hang() {
	tail -n "+$2" "$1" | tr -d '\r' | sed -E 's/^\[ *[0-9.]+\] ?//' | awk '
		function flush() {
			if (head != "" && user)
				print head ":" stack
			head = stack = ""
			user = tracing = 0
		}
		/^NMI backtrace for cpu/	{ flush(); head = "cpu " $5; user = 1; next }
		/^task:/	{
			flush()
			match($0, /pid:[0-9]+/)
			head = substr($1, 6) " " $2 " " substr($0, RSTART, RLENGTH)
		}
		/^Sending NMI|^sysrq:|^Sched Debug/	{ flush() }
		/^CPU: .* Comm:/ && head ~ /^cpu/	{
			match($0, /PID: .* Comm: [^ ]+/)
			head = head " " substr($0, RSTART, RLENGTH)
		}
		/RIP: 0010:/	{ sub(/.*RIP: 0010:/, ""); stack = stack " " $0; next }
		/RIP: 0033:/	{ user = 1 }
		/Call Trace:/	{ tracing = 1; next }
		tracing && /^ [a-z_]/ && n[head]++ < 10	{ sub(/\+0x.*/, ""); stack = stack $0 }
		END	{ flush() }' | head -n 40 | cut -c1-400 | sed 's/^/  | /' >&2
}
