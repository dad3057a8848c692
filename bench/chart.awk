# SPDX-License-Identifier: GPL-2.0-only

BEGIN {
	count = split("w2w sws futex eventfd pipe condvar seccomp yield-pair " \
		      "w2w-getppid sws-yield block", names, " ")
	split("w2w w2w-getppid sws sws-yield block", list, " ")
	for (i in list)
		ours[list[i]]
	height = 22
	left = 110
	width = 480
}

/"release":/ { release = get("release") }

is_figure() && get("where") == "" && get("policy") == strict() {
	mean[get("case")] = get("mean")
	if (get("mean") > most)
		most = get("mean")
}

function x(value) {
	return left + width * value / most
}

function limit_line(name, value) {
	printf "<path d=\"M%.1f %d v%d\" stroke=\"#c00\" stroke-width=\"2\"/>\n",
		x(value), row[name], height - 4
}

END {
	if (!most)
		exit 1
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" " \
		"font-family=\"sans-serif\" font-size=\"12\">\n",
		left + width + 70, (count + 2) * height
	print "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
	printf "<text x=\"4\" y=\"16\">%s, %s: instructions; red: the most a target allows</text>\n",
		release, strict()
	for (i = 1; i <= count; i++) {
		name = names[i]
		row[name] = (i + 0.3) * height
		printf "<text x=\"4\" y=\"%d\">%s</text>\n", row[name] + 14, name
		printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
			left, row[name], x(mean[name]) - left, height - 4,
			name in ours ? "#36c" : "#aaa"
		printf "<text x=\"%.1f\" y=\"%d\">%d</text>\n", x(mean[name]) + 4,
			row[name] + 14, mean[name]
	}
	limit_line("w2w", limit(0.78, 0.65, 0.62) * mean["futex"])
	limit_line("sws", limit(0.78, 0.65, 0.62) * mean["futex"])
	print "</svg>"
}
