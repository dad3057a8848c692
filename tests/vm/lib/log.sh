# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The kernel log: what in it is a failure, and how it is shown.

# One alternative a line. Case matters: firmware and drivers write "Warning".
log_bad() {
	paste -sd'|' <<-'EOF'
		(^|[^A-Za-z])BUG[: ]
		WARNING:
		\[ cut here \]
		Oops:
		general protection fault
		(INFO: )?possible (circular|recursive) locking
		INFO: possible
		(inconsistent|irq|invalid) lock (state|inversion)
		Invalid wait context
		bad unlock balance|held lock freed|lock held when returning|DEBUG_LOCKS_WARN_ON
		suspicious (RCU usage|rcu_[a-z_]*\(\) usage)
		rcu.*(detected( expedited)? stall|stalls on CPUs|kthread starved)
		blocked for more than [0-9]+ seconds
		soft lockup|hard LOCKUP|Hard LOCKUP
		K[ACM]SAN:|UBSAN:|KFENCE:
		sleeping function called|scheduling while atomic
		refcount_t:|list_(add|del) corruption|ODEBUG:|stack-protector:
		[Bb]ad page (state|map)|workqueue leaked
		kmemleak: [0-9]+ new suspected
		Kernel panic
	EOF
}

# log_violations FILE [ALLOWED]...: the offending lines, numbered. 0 if any.
log_violations() {
	local file=$1
	shift
	grep -anE "$(log_bad)" "$file" |
		if [ $# -gt 0 ]; then
			grep -avE "$(printf '%s\n' "$@" | paste -sd'|')"
		else
			cat
		fi | grep -a .
}

# log_around FILE LINE: a few lines before LINE, the report behind it.
log_around() {
	local from=$(($2 > 4 ? $2 - 4 : 1))
	sed -n "$from,$(($2 + 35))s/^/  | /p" "$1" | tr -d '\r' >&2
}

log_tail() {
	say "the end of the kernel log:"
	tail -n "${2:-30}" "$1" | sed 's/^/  | /' | tr -d '\r' >&2
}
