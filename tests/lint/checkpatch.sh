# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The kernel's checkpatch.pl. No binary package of Debian has it, so it is taken
# from the kernel's source package and kept in the cache: three small files.

checkpatch_release=6.12

checkpatch_fetch_now() {
	local dir=$1 package=linux-source-$checkpatch_release name tmp files
	[ ! -e "$dir" ] || return 0
	need apt-get dpkg-deb tar xz
	apt_update bookworm
	tmp=$(fresh_dir "$cache/checkpatch")
	say "fetching checkpatch.pl, in $package (about 150 MB, once)"
	(cd "$tmp" && apt_in bookworm apt-get -q download "$package" >&2) ||
		die "$EX_SETUP" "apt could not fetch $package: see its message above"
	files=()
	for name in checkpatch.pl spelling.txt const_structs.checkpatch; do
		files+=("$package/scripts/$name")
	done
	say "unpacking it"
	# with --occurrence tar stops at the last of them, which is no error of dpkg-deb
	dpkg-deb --fsys-tarfile "$tmp"/*.deb 2>/dev/null |
		tar -xO "./usr/src/$package.tar.xz" 2>/dev/null |
		xz -dc -T0 2>/dev/null |
		tar -x -C "$tmp" --strip-components=2 --occurrence=1 "${files[@]}"
	rm "$tmp"/*.deb
	for name in "${files[@]}"; do
		[ -s "$tmp/${name##*/}" ] || die "$EX_SETUP" "$package has no $name"
	done
	chmod 755 "$tmp"
	mv "$tmp" "$dir"
}

# checkpatch_path: of checkpatch.pl, fetched if it is not there.
checkpatch_path() {
	local dir=$cache/checkpatch/$checkpatch_release
	[ -e "$dir" ] || locked checkpatch checkpatch_fetch_now "$dir" || exit
	printf '%s\n' "$dir/checkpatch.pl"
}
