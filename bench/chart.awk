# SPDX-License-Identifier: GPL-2.0-only
#
# Groups of bars, each group with its own scale.

BEGIN {
	height = 20
	left = 170
	width = 440
	y = 28
	n = split("w2w w2w-getppid sws sws-yield block wake wake-1000 kick slice " \
		  "register register-server crowd-yield crowd-block latency memory",
		  list, " ")
	for (i = 1; i <= n; i++)
		ours[list[i]]
}

/"release":/ { release = get("release") }

is_figure() { remember() }

function text(x, what) {
	body = body sprintf("<text x=\"%.0f\" y=\"%d\">%s</text>\n", x, y + 14, what)
}

function box(value, colour) {
	body = body sprintf("<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
			    left, y + 2, value * scale, height - 4, colour)
}

function line(value) {
	body = body sprintf("<path d=\"M%.1f %d v%d\" stroke=\"#c00\" stroke-width=\"2\"/>\n",
			    left + value * scale, y, height)
}

# bar(CASE, LABEL, VALUE, LIMIT): one of the group that comes next; the limit may be ""
function bar(name, label, value, most) {
	if (value == "")
		return
	bars++
	bar_case[bars] = name
	bar_label[bars] = label
	bar_value[bars] = value
	bar_limit[bars] = most
}

# The bars so far, under that title.
function group(heading,    i, most) {
	for (i = 1; i <= bars; i++)
		if (most < bar_value[i])
			most = bar_value[i]
	scale = most > 0 ? width / most : 0
	y += 6
	text(4, "<tspan font-weight=\"bold\">" heading "</tspan>")
	y += height
	for (i = 1; i <= bars; i++) {
		text(12, bar_label[i])
		box(bar_value[i], bar_case[i] in ours ? "#36c" : "#aaa")
		text(left + bar_value[i] * scale + 5, sprintf("%d", bar_value[i] + 0.5))
		if (bar_limit[i] != "")
			line(bar_limit[i])
		y += height
	}
	bars = 0
}

# means(CASES, POLICY, WHERE): a bar for each
function means(cases, policy, where,    i, n, name) {
	n = split(cases, name, " ")
	for (i = 1; i <= n; i++)
		bar(name[i], name[i], mean(name[i], policy, where), most_of(name[i], policy, where))
}

# The most that a target allows; none if there is none.
function most_of(name, policy, where) {
	if (where != "")
		return ""
	if (name == "w2w" && policy == "fifo" && limit("", 1, 1))
		return 1.30 * mean("yield-pair", "fifo", "")
	if ((name == "w2w" || name == "sws") && policy == strict())
		return limit(0.78, 0.65, 0.62) * mean("futex", policy, "")
	if (name == "block" && policy == "other")
		return limit(0.90, 0.80, 0.80) * prototype_block()
	return ""
}

# numbers(CASE, POLICY, WHERES, FIELD, LIMIT)
function numbers(name, policy, wheres, field, most,    i, n, w) {
	n = split(wheres, w, " ")
	for (i = 1; i <= n; i++)
		bar(name, name " " w[i], fig[name, policy, w[i], field], most)
}

function charts(    trips) {
	trips = "w2w w2w-getppid sws sws-yield futex eventfd pipe condvar seccomp yield-pair"
	means(trips, strict(), "")
	group("round trip, " strict())
	means(trips, "fifo", "")
	group("round trip, fifo")
	means("block pipe", "other", "")
	group("block cycle, other")
	means("wake futex-wake wake-1000 futex-wake-1000", "fifo", "")
	group("waking, the call; of 1,000, for each; fifo")
	means("kick tgkill", "other", "")
	group("to stop a running thread, other")
	means("register register-server pthread", "fifo", "")
	group("to come and go, fifo")
	numbers("yield-pair", "fifo", "absent loaded open", "p50", "")
	numbers("futex", strict(), "absent loaded open", "p50", "")
	group("plain threads: module absent, loaded, a group open elsewhere: p50")
	numbers("crowd-yield", "fifo", "10 1000 20000", "mean", "")
	numbers("crowd-block", "fifo", "10 1000 20000", "mean", "")
	numbers("crowd-sched", "fifo", "10 1000 20000", "mean", "")
	group("a switch among so many, fifo")
	numbers("crowd-yield", "fifo", "each-10 each-100 each-1000 each-10000", "p50", "")
	numbers("crowd-sched", "fifo", "each-10 each-100 each-1000 each-10000", "p50", "")
	group("the same on four processors: p50")
	numbers("latency", "other", "4 16 64", "p50", "")
	numbers("latency-sched", "other", "4 16 64", "p50", "")
	group("from wake-up to running, so many threads: p50")
	numbers("latency", "other", "4 16 64", "p99", "")
	numbers("latency-sched", "other", "4 16 64", "p99", "")
	group("the same: p99")
	means("w2w sws futex eventfd pipe condvar", "other", "across")
	group("round trip between two processors, other")
	means("kick tgkill", "other", "across")
	group("to stop a thread that runs on another processor, other")
	numbers("memory", "fifo", "10 1000 20000", "mean", 640)
	group("kernel memory of each of so many registered threads, bytes")
}

END {
	if (!figures)
		exit 1
	charts()
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" " \
		"font-family=\"sans-serif\" font-size=\"12\">\n", left + width + 80, y + 8
	print "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
	printf "<text x=\"4\" y=\"18\">%s: instructions; blue: umcg, grey: what it stands beside, " \
		"red: the most a target allows</text>\n", release
	printf "%s</svg>\n", body
}
