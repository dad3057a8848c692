# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# Building the packages, in a root that has what they ask for and no more.

# build_in ROOT TO [NAME=VALUE]...: `make deb` of the sources in ROOT/src; the packages go to TO.
build_in() {
	local root=$1 to=$2
	shift 2
	in_root "$root" env "$@" make -C /src deb && mv "$root/src/build/deb" "$to"
}

build_first() {
	root_unpack "$suite" build "$tmp/build" && mkdir "$tmp/build/src" &&
		tar -c --exclude=./.git --exclude=./build . | tar -x --no-same-owner -C "$tmp/build/src" &&
		build_in "$tmp/build" "$tmp/first"
}

# The same sources, built again as a next version: its module has an API level more, which
# its library needs.
build_again() {
	local src=$tmp/build/src
	sed -i "1s/($version)/($version+1)/" "$src/debian/changelog" &&
		sed -i 's/^\(#define UMCG_API_LEVEL\t*\)1$/\12/' "$src/include/umcg_ioctl.h" &&
		sed -i 's/^\(#define API_LEVEL_NEEDED\t*\)1$/\12/' "$src/lib/internal.h" &&
		grep -q 'UMCG_API_LEVEL.*2$' "$src/include/umcg_ioctl.h" &&
		grep -q 'API_LEVEL_NEEDED.*2$' "$src/lib/internal.h" &&
		build_in "$tmp/build" "$tmp/second" DEB_BUILD_OPTIONS=nocheck
}

# What lintian says at all fails; debian/*.lintian-overrides give the reason for each. An
# override may be for what another release's lintian tells.
is_lintian_clean() {
	local said found
	mkdir -p "$tmp/build/lint" && cp "$tmp"/first/* "$tmp/build/lint/" || return
	if said=$(in_root "$tmp/build" sh -c \
		'lintian --allow-root --fail-on none --display-info /lint/*.changes' 2>&1); then
		found=$(sed -e '/^N: /d' -e '/^I: [^ ]*: unused-override /d' <<<"$said")
		[ -n "$found" ] || return 0
	fi
	echo "$said"
	return 1
}
