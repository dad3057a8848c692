# SPDX-License-Identifier: GPL-2.0-only

/"release":/ {
	release = get("release")
	kernel = get("kernel")
}

is_figure() { remember() }

function title(text) {
	printf "\n%s\n\n", text
}

# value(WIDTH, NUMBER, DIGITS): a cell; what is missing or cannot be told is "-"
function value(width, number, digits) {
	if (number == "" || number < 0)
		return sprintf(" %*s", width, "-")
	return sprintf(" %*.*f", width, digits, number)
}

# Switches away from what is no thread of the case: the idle task, unless the kernel has
# something to do for itself.
function idle(k) {
	if (fig[k, "switches"] == "" || fig[k, "switches"] < 0)
		return ""
	return fig[k, "switches"] > fig[k, "own"] ? fig[k, "switches"] - fig[k, "own"] : 0
}

# The ratio to what it stands beside, in the same place and with the same policy.
function beside(name, policy, where,    to, ratio) {
	to = peer(name)
	ratio = to == "" ? "" : share(name, to, policy, where)
	return ratio == "" ? "" : sprintf("  %.2f %s", ratio, to)
}

# The cases that were taken there, each with all that is known of it.
function table(where,    i, k) {
	printf "%-16s %-6s %9s %8s %8s %8s %8s %5s %5s %5s %5s  %s\n", "case", "policy",
		"mean", "spread", "p50", "p99", "max", "ctxt", "own", "idle", "ipis",
		"to its peer"
	for (i = 1; i <= figures; i++) {
		if (place[i] != where)
			continue
		k = case_[i] SUBSEP policy_[i] SUBSEP where
		printf "%-16s %-6s%s%s%s%s%s%s%s%s%s%s\n", case_[i], policy_[i],
			value(9, fig[k, "mean"], 1), value(8, fig[k, "spread"], 1),
			value(8, fig[k, "p50"], 0), value(8, fig[k, "p99"], 0),
			value(8, fig[k, "max"], 0), value(5, fig[k, "switches"], 2),
			value(5, fig[k, "own"], 2), value(5, idle(k), 2),
			value(5, fig[k, "ipis"], 2),
			beside(case_[i], policy_[i], where)
	}
}

# across(WHERES, FIELD, WIDTH, DIGITS): a column for each place, of the cases that were
# taken in the first of them.
function across(wheres, field, width, digits,    i, j, n, w) {
	n = split(wheres, w, " ")
	printf "%-16s %-6s", "case", "policy"
	for (j = 1; j <= n; j++)
		printf " %*s", width, w[j]
	print ""
	for (i = 1; i <= figures; i++) {
		if (place[i] != w[1] || fig[case_[i], policy_[i], w[1], field] == "")
			continue
		printf "%-16s %-6s", case_[i], policy_[i]
		for (j = 1; j <= n; j++)
			printf "%s", value(width, fig[case_[i], policy_[i], w[j], field],
					   digits)
		print ""
	}
}

function targets(    i, state) {
	title("targets")
	printf "%-58s %9s %8s\n", "", "measured", "at most"
	set_targets()
	for (i = 1; i <= wanted; i++) {
		state = reached(i)
		printf "%-58s %9s %8s  %s\n", target_text[i], measured(i),
			target_limit[i] == "" ? "-" : target_limit[i], state
	}
}

END {
	printf "%s, instructions\n", release
	title("one processor")
	table("")
	title("plain threads, without the module, with it, while another process has a group open: p50")
	across("absent loaded open", "p50", 9, 0)
	title("so many workers, or threads, on one processor: mean; memory of each in bytes")
	across("10 1000 20000", "mean", 9, 1)
	title("a server and its share of so many workers, or threads, on each of four processors: p50")
	across("each-10 each-100 each-1000 each-10000", "p50", 10, 0)
	title("from the wake-up of one of so many to its running: p50")
	across("4 16 64", "p50", 9, 0)
	print "p99"
	across("4 16 64", "p99", 9, 0)
	print "max"
	across("4 16 64", "max", 9, 0)
	title("two threads on two processors")
	table("across")
	title("free to run on any of so many processors: the share of handoffs that stayed on theirs")
	across("2-cpus 4-cpus", "stayed", 9, 4)
	title("the same: mean of a round trip")
	across("2-cpus 4-cpus", "mean", 9, 1)
	targets()
}
