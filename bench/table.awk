# SPDX-License-Identifier: GPL-2.0-only

BEGIN {
	split("wake futex-wake wake-1000 futex-wake-1000 kick tgkill register pthread " \
	      "register-server pthread block pipe", pairs, " ")
	for (i = 1; i in pairs; i += 2)
		peer[pairs[i]] = pairs[i + 1]
	split("w2w w2w-getppid sws sws-yield futex pipe eventfd condvar seccomp yield-pair", trips, " ")
	for (i in trips)
		peer[trips[i]] = "futex"
}

/"release":/ {
	release = get("release")
	kernel = get("kernel")
}

/"case": "memory"/ {
	memory[get("threads")] = get("kernel") " bytes, of slabs " get("slab")
	next
}

is_figure() {
	name = get("case")
	policy = get("policy")
	where = get("where")
	if (where != "") {
		key = sprintf("%-16s %-6s", name, policy)
		if (!((key) in plain))
			plains[++nplain] = key
		plain[key]
		cost[key, where] = get("mean")
		next
	}
	mean[name, policy] = get("mean")
	line[++n] = $0
}

function ratio(name, policy, to,    value) {
	value = share(name, policy, to)
	return value == "" ? "    -" : sprintf("%5.2f", value)
}

function target(text, value, most) {
	printf "  %-44s", text
	if (value == "") {
		print " not measured"
		return
	}
	printf " %8.3f %8s  %s\n", value, most == "" ? "-" : most,
		most == "" ? "" : value <= most ? "reached" : "not reached"
}

# What is missing is "", and so is what is made of it.
function share(name, policy, to) {
	if (!((name, policy) in mean) || !((to, policy) in mean))
		return ""
	return mean[name, policy] / mean[to, policy]
}

function added(where,    key) {
	key = sprintf("%-16s %-6s", "yield-pair", "fifo")
	if (!((key, where) in cost) || !((key, "absent") in cost))
		return ""
	return (cost[key, where] - cost[key, "absent"]) / 2
}

END {
	printf "%s, instructions\n\n", release
	printf "%-16s %-6s %9s %8s %8s %8s %5s %5s %5s  %s\n", "case", "policy",
		"mean", "spread", "p50", "p99", "ctxt", "own", "ipis", "to its peer"
	for (i = 1; i <= n; i++) {
		$0 = line[i]
		name = get("case")
		policy = get("policy")
		printf "%-16s %-6s %9.1f %8.1f %8d %8d", name, policy, get("mean"),
			get("spread"), get("p50"), get("p99")
		if (get("switches") < 0)
			printf " %5s %5s %5s", "-", "-", "-"
		else
			printf " %5.2f %5.2f %5.2f", get("switches"), get("own"), get("ipis")
		printf name in peer ? "  %s %s\n" : "\n", ratio(name, policy, peer[name]), peer[name]
	}
	printf "\n%-23s %9s %9s %9s  %s\n", "not of umcg", "absent", "loaded", "open", "added"
	for (i = 1; i <= nplain; i++) {
		key = plains[i]
		printf "%s %9.1f %9.1f %9.1f  %+.1f %+.1f\n", key, cost[key, "absent"],
			cost[key, "loaded"], cost[key, "open"],
			cost[key, "loaded"] - cost[key, "absent"],
			cost[key, "open"] - cost[key, "absent"]
	}
	print ""
	for (count in memory)
		printf "memory of each of %d registered threads: %s\n", count, memory[count]

	printf "\n  %-44s %8s %8s\n", "target (" strict() ")", "measured", "at most"
	target("worker to worker / strict futex",
	       share("w2w", strict(), "futex"), limit(0.78, 0.65, 0.62))
	target("worker to worker / sched_yield pair (fifo)",
	       share("w2w", "fifo", "yield-pair"), limit("", 1.30, 1.30))
	target("server-worker-server / strict futex",
	       share("sws", strict(), "futex"), limit(0.78, 0.65, 0.62))
	block = ""
	if (("block", "other") in mean)
		block = mean["block", "other"] / limit(19662, 22580, 27594)
	target("block cycle / the prototype's", block, limit(0.90, 0.80, 0.80))
	target("added to a switch, module loaded", added("loaded"), 0)
	target("added to a switch, group open elsewhere", added("open"), 30)
}
