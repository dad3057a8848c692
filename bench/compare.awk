# SPDX-License-Identifier: GPL-2.0-only

BEGIN {
	printf "%-16s %-6s %-11s %10s %10s %8s\n", "case", "policy", "where", "A", "B",
		"B to A"
}

!is_figure() { next }

{ key = sprintf("%-16s %-6s %-11s", get("case"), get("policy"), get("where")) }

NR == FNR {
	a[key] = get("mean")
	next
}

key in a {
	b = get("mean")
	printf "%s %10.1f %10.1f", key, a[key], b
	if (a[key] > 0)
		printf "%+7.1f%%", 100 * (b / a[key] - 1)
	printf "\n"
}
