# SPDX-License-Identifier: GPL-2.0-only
#
# The lines of a result: bench/run writes each figure on a line of its own.

# The value of that name on this line.
function get(name,    at, rest) {
	at = index($0, "\"" name "\": ")
	if (!at)
		return ""
	rest = substr($0, at + length(name) + 4)
	if (sub(/^"/, "", rest))
		sub(/".*/, "", rest)
	else
		sub(/[,}].*/, "", rest)
	return rest
}

function is_figure() {
	return index($0, "{\"case\": ") == 1
}

# This line: fig[case, policy, where, field], and in which order they came.
function remember(    k, n, i, fields) {
	figures++
	case_[figures] = get("case")
	policy_[figures] = get("policy")
	place[figures] = get("where")
	k = case_[figures] SUBSEP policy_[figures] SUBSEP place[figures]
	n = split("mean spread p50 p99 max switches own ipis stayed", fields, " ")
	for (i = 1; i <= n; i++)
		fig[k, fields[i]] = get(fields[i])
}

function mean(name, policy, where) {
	return fig[name, policy, where, "mean"]
}

# The one's mean to the other's. What is missing is "", and so is what is made of it.
function share(name, to, policy, where) {
	if (mean(name, policy, where) == "" || !mean(to, policy, where))
		return ""
	return mean(name, policy, where) / mean(to, policy, where)
}

# What a case stands beside.
function peer(name,    i, n, pair) {
	if (!("w2w" in peers)) {
		n = split("wake futex-wake wake-1000 futex-wake-1000 kick tgkill " \
			  "slice tgkill register pthread register-server pthread " \
			  "block pipe w2w futex w2w-getppid futex sws futex " \
			  "sws-yield futex pipe futex eventfd futex condvar futex " \
			  "seccomp futex yield-pair futex mutex-pair pthread-pair " \
			  "sem-pair sem_t-pair mutex-trip sem_t-trip sem-trip sem_t-trip " \
			  "cond-trip condvar queue-trip condvar", pair, " ")
		for (i = 1; i <= n; i += 2)
			peers[pair[i]] = pair[i + 1]
	}
	return peers[name]
}

# limit(a, b, c): that of 6.1, 6.12, later
function limit(a, b, c) {
	return release ~ /^6\.1\./ ? a : release ~ /^6\.12\./ ? b : c
}

# The policy in which no wait is skipped, because nobody preempts whom he wakes: FIFO is
# another, but the targets were made with this one.
function strict() {
	return "batch"
}
