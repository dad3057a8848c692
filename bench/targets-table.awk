# SPDX-License-Identifier: GPL-2.0-only

# A result begins: the one before is whole.
/"release":/ {
	column()
	release = get("release")
}

is_figure() { remember() }

function cell(i) {
	if (target_value[i] == "")
		return "not measured"
	if (target_limit[i] == "")
		return measured(i)
	return measured(i) " (" target_limit[i] "): " reached(i)
}

function column(    i, k) {
	if (!figures)
		return
	set_targets()
	head = head " | " release
	line = line "|---"
	for (i = 1; i <= wanted; i++)
		row[i] = row[i] " | " cell(i)
	rows = wanted
	wanted = 0
	figures = 0
	for (k in fig)
		delete fig[k]
}

END {
	column()
	print "| measured (at most)" head " |"
	print "|---" line "|"
	for (i = 1; i <= rows; i++)
		print "| " target_text[i] row[i] " |"
}
