# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
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

# log_violations [ALLOWED]... <LOG: the offending lines, numbered.
log_violations() {
	if [ $# -eq 0 ]; then
		grep -anE "$(log_bad)"
	else
		grep -anE "$(log_bad)" | grep -avE "$(printf '%s\n' "$@" | paste -sd'|')"
	fi
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
