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
	return index($0, "{\"case\": ") == 1 && get("mean") != ""
}

# limit(a, b, c): that of 6.1, 6.12, later
function limit(a, b, c) {
	return release ~ /^6\.1\./ ? a : release ~ /^6\.12\./ ? b : c
}

# The policy in which no wait is skipped, because nobody preempts whom he wakes.
function strict() {
	return limit("batch", "batch", "fifo")
}
