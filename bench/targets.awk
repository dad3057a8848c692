# SPDX-License-Identifier: GPL-2.0-only
#
# What was asked for, and what came out: target_text[], _value[], _limit[], "" if it was
# not measured, or nothing is asked of that kernel.

function target(text, value, most, digits) {
	wanted++
	target_text[wanted] = text
	target_value[wanted] = value
	target_limit[wanted] = most
	target_digits[wanted] = digits
}

function reached(i) {
	if (target_value[i] == "")
		return "not measured"
	if (target_limit[i] == "")
		return ""
	return target_value[i] <= target_limit[i] ? "reached" : "not reached"
}

# What a switch of a thread that knows nothing of umcg takes more than without.
function added(where,    now, before) {
	now = mean("yield-pair", "fifo", where)
	before = mean("yield-pair", "fifo", "absent")
	return now == "" || before == "" ? "" : (now - before) / 2
}

# How much more, in percent, among most of them than among fewest.
function growth(name, policy, few, many) {
	few = mean(name, policy, few)
	many = mean(name, policy, many)
	return few == "" || many == "" ? "" : 100 * (many / few - 1)
}

# Handoffs that changed the processor, in percent.
function moved(name, where,    stayed) {
	stayed = fig[name, "other", where, "stayed"]
	return stayed == "" ? "" : 100 * (1 - stayed)
}

function set_targets(    p, block) {
	p = strict()
	block = mean("block", "other", "")
	target("worker to worker / futex, " p, share("w2w", "futex", p, ""),
	       limit(0.78, 0.65, 0.62), 2)
	target("worker to worker / sched_yield pair, fifo",
	       share("w2w", "yield-pair", "fifo", ""), limit("", 1.30, 1.30), 2)
	target("server to worker to server / futex, " p, share("sws", "futex", p, ""),
	       limit(0.78, 0.65, 0.62), 2)
	target("block cycle, other / the prototype's " limit(19662, 22580, 27594),
	       block == "" ? "" : block / limit(19662, 22580, 27594),
	       limit(0.90, 0.80, 0.80), 2)
	target("added to a switch of a plain thread, module loaded", added("loaded"), 0, 1)
	target("added to a switch of a plain thread, group open elsewhere",
	       added("open"), 30, 1)
	target("handoffs that leave the processor, 2 processors, %",
	       moved("w2w", "2-cpus"), 0.1, 2)
	target("handoffs that leave the processor, 4 processors, %",
	       moved("w2w", "4-cpus"), 0.1, 2)
	target("a yield among 20,000 instead of 10 takes more, %",
	       growth("crowd-yield", "fifo", "10", "20000"), 1, 2)
	target("a block among 20,000 instead of 10 takes more, %",
	       growth("crowd-block", "fifo", "10", "20000"), 1, 2)
	target("kernel memory of each registered thread of 20,000, bytes",
	       mean("memory", "fifo", "20000"), 640, 0)
	target("futex round trip, " p ", off the prototype's " \
	       limit(9905, 10535, 13482) ", %", off(p), 3, 2)
}

# How far the strict futex is from what was measured before, either way.
function off(p,    percent) {
	if (mean("futex", p, "") == "")
		return ""
	percent = 100 * (mean("futex", p, "") / limit(9905, 10535, 13482) - 1)
	return percent < 0 ? -percent : percent
}
