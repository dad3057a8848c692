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

# In words, as many digits as are of interest; it may be less than 0.
function measured(i) {
	if (target_value[i] == "")
		return "-"
	return sprintf("%.*f", target_digits[i], target_value[i])
}

# What a switch of a thread that knows nothing of umcg takes more than without; without
# the timer's ticks, which are not the module's.
function added(where,    now, before) {
	now = fig["yield-pair", "fifo", where, "p50"]
	before = fig["yield-pair", "fifo", "absent", "p50"]
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

# What the first prototype of this module took, on the same kernels.
function prototype_futex() {
	return limit(9905, 10535, 13482)
}

function prototype_block() {
	return limit(19662, 22580, 27594)
}

# How far the strict futex is from that, either way, in percent.
function futex_off(    percent) {
	if (mean("futex", strict(), "") == "")
		return ""
	percent = 100 * (mean("futex", strict(), "") / prototype_futex() - 1)
	return percent < 0 ? -percent : percent
}

# Under that policy, of a futex's round trip in which nobody skips a wait.
function of_strict(name, policy) {
	if (mean(name, policy, "") == "" || mean("futex", strict(), "") == "")
		return ""
	return mean(name, policy, "") / mean("futex", strict(), "")
}

function block_share() {
	if (mean("block", "other", "") == "")
		return ""
	return mean("block", "other", "") / prototype_block()
}

function set_targets() {
	target("strict futex, off the prototype's figure, %", futex_off(), 3, 1)
	target("worker to worker, OTHER / strict futex",
	       of_strict("w2w", "other"), limit(0.78, 0.65, 0.62), 2)
	target("worker to worker, BATCH / strict futex",
	       of_strict("w2w", strict()), limit(0.78, 0.65, 0.62), 2)
	target("worker to worker / sched_yield pair, OTHER",
	       share("w2w", "yield-pair", "other", ""), limit("", 1.30, 1.30), 2)
	target("server to worker to server, OTHER / strict futex",
	       of_strict("sws", "other"), limit(0.78, 0.65, 0.62), 2)
	target("server to worker to server, BATCH / strict futex",
	       of_strict("sws", strict()), limit(0.78, 0.65, 0.62), 2)
	target("block cycle, OTHER / the prototype's", block_share(),
	       limit(0.90, 0.80, 0.80), 2)
	target("added to a plain thread's switch: module loaded", added("loaded"), 0, 1)
	target("added to a plain thread's switch: group open elsewhere",
	       added("open"), 30, 1)
	target("handoffs that leave one of 2 processors, OTHER, %",
	       moved("w2w", "2-cpus"), 0.1, 2)
	target("handoffs that leave one of 4 processors, OTHER, %",
	       moved("w2w", "4-cpus"), 0.1, 2)
	target("a yield among 20,000, more than among 10, %",
	       growth("crowd-yield", "fifo", "10", "20000"), 1, 2)
	target("a block among 20,000, more than among 10, %",
	       growth("crowd-block", "fifo", "10", "20000"), 1, 2)
	target("memory of each of 1,000 workers, bytes", mean("memory", "fifo", "1000"),
	       640, 0)
	target("memory of each of 20,000 workers, bytes", mean("memory", "fifo", "20000"),
	       640, 0)
}
