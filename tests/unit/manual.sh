#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The pages of the functions: each says all that a caller must know, as the headers
# have it, and its example is a program. tests/suites/manual.c runs them. TAP.
#
# shellcheck disable=SC2317 # functions are called by check()

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=../tap.sh
. tests/tap.sh
tmp=$tap_tmp

functions() {
	sed -nE 's/^\t(umcg_[a-z_]+);$/\1/p' lib/libumcg.map
}

# page_of FUNCTION: the page that has its name
page_of() {
	grep -lE "^\.Nm $1( ,)?$" man/*.3
}

every_page_is_whole() {
	local function page section status=0
	for function in $(functions); do
		page=$(page_of "$function")
		[ -e "$page" ] || { echo "$function: not one page: $page"; status=1; continue; }
		for section in 'RETURN VALUES' 'THREADS, SIGNALS AND FORK' EXAMPLES 'SEE ALSO'; do
			grep -qxF ".Sh $section" "$page" ||
				{ echo "$page: no $section"; status=1; }
		done
	done
	return "$status"
}

# errors_in FUNCTION: those that the comment of lib/umcg.h names
errors_in() {
	sed -n "/^ \* $1() - /,/^ \*\//p" lib/umcg.h | grep -oE -- '-E[A-Z]+[,: ]' | tr -d -- '-,: '
}

every_page_has_the_errors_of_the_header() {
	local function e status=0
	[ -n "$(errors_in umcg_open)" ] || return
	for function in $(functions); do
		for e in $(errors_in "$function"); do
			grep -qw "Er $e" "$(page_of "$function")" ||
				{ echo "$function: no $e"; status=1; }
		done
	done
	return "$status"
}

# safety_in FUNCTION: what stands in brackets behind its name in lib/umcg.h
safety_in() {
	sed -nE "s/^ \* $1\(\) - .*\((MT[^)]*)\)\$/\1/p" lib/umcg.h
}

# agrees SAFETY SECTION: what signal handlers may call by the header, they may by the page.
agrees() {
	grep -q 'Xr fork 2' <<<"$2" || return
	case $1 in
	MT*AS) grep -qi 'signal handler' <<<"$2" && ! grep -q 'not for signal handlers' <<<"$2" ;;
	MT*) grep -q 'not for signal handlers' <<<"$2" ;;
	*) false ;;
	esac
}

every_page_has_the_safety_of_the_header() {
	local function says status=0
	for function in $(functions); do
		says=$(sed -n '/^\.Sh THREADS, SIGNALS AND FORK/,/^\.Sh EX/p' "$(page_of "$function")")
		agrees "$(safety_in "$function")" "$says" ||
			{ echo "$function: $(safety_in "$function")"; status=1; }
	done
	return "$status"
}

# The prototype, as the header has it.
every_page_has_the_prototype() {
	local function page status=0 header
	header=$("${CC:-gcc}" -E -P -Iinclude lib/umcg.h | tr -d '\n\t') || return
	for function in $(functions); do
		page=$(page_of "$function")
		[ "$(grep -oE "[ *]$function\([^)]*\);" <<<"$header" |
			tr -d ' *;')" = "$(sed -nE "s/^\.Fn $function (\".*)/\1/p" "$page" | head -n 1 |
			sed -E "s/\" \"/,/g; s/\"//g; s/[ *]//g; s/.*/$function(&)/")" ] ||
			{ echo "$page: the prototype is not that of the header"; status=1; }
	done
	return "$status"
}

pages_refer_to_pages() {
	local name section status=0
	while read -r name section; do
		[ -e "man/$name.$section" ] || grep -qsE "^\.Nm $name( ,)?$" man/*."$section" ||
			{ echo "no $name($section)"; status=1; }
	done < <(sed -nE 's/.*\.?Xr ((lib)?umcg[a-z_]*) ([0-9]).*/\1 \3/p' man/* | sort -u)
	return "$status"
}

pages_are_clean() {
	local page found
	for page in man/*; do
		# whether other manuals are installed is not the pages' concern
		found=$(mandoc -Tlint -W all "$page" 2>&1 |
			grep -vE 'referenced manual not found|lacks .* entry')
		[ -z "$found" ] || { echo "$found"; return 1; }
	done
}

examples_compile() {
	local page name
	while read -r page; do
		name=$(basename "$page" .3)
		tests/manual/example "$page" >"$tmp/$name.c"
		[ -s "$tmp/$name.c" ] || { echo "$page: no program"; return 1; }
		"${CC:-gcc}" -Wall -Wextra -Werror -Wno-unused-parameter -Iinclude -Ilib -Isync -Iruntime \
			-fsyntax-only "$tmp/$name.c" || { echo "$page"; return 1; }
	done < <(grep -l '^\.Sh EXAMPLES' man/*.3)
}

check every_page_is_whole every_page_is_whole
check every_page_has_the_prototype every_page_has_the_prototype
check every_page_has_the_errors_of_the_header every_page_has_the_errors_of_the_header
check every_page_has_the_safety_of_the_header every_page_has_the_safety_of_the_header
check pages_refer_to_pages pages_refer_to_pages
if command -v mandoc >/dev/null; then
	check pages_are_clean pages_are_clean
else
	skip pages_are_clean "no mandoc"
fi
check examples_compile examples_compile

tap_end
