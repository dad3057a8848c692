# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# A small root of another Debian release, to build modules in: kernel headers
# bring programs linked against the libc of their own release (objtool, modpost)
# and ask for its compiler. The packages are only unpacked: nothing in them needs
# its maintainer scripts to compile C, so no root is needed to make one.

root_packages=(
	base-files dash bash coreutils sed grep mawk findutils diffutils gzip xz-utils
	dpkg make kmod libc6-dev sparse
)

# host_is SUITE: this machine runs that release, its own compiler will do.
host_is() {
	[ "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" = "$1" ]
}

# root_make_now SUITE COMPILER KBUILD: under the lock. KBUILD is the package of the
# kernel's own build programs: what they need (libelf, openssl, pahole) comes along.
root_make_now() {
	local suite=$1 compiler=$2 kbuild=$3 root=$cache/root/$1-$2 tmp f
	[ ! -e "$root" ] || return 0
	apt_update "$suite"
	tmp=$(fresh_dir "$cache/root")
	mkdir -p "$tmp/deb/partial" "$tmp/root/"{proc,dev,tmp}
	say "fetching a $suite root with $compiler to build modules in (about 60 MB)"
	apt_in "$suite" apt-get -q -y -o Dir::Cache::archives="$tmp/deb" \
		install --download-only --no-install-recommends \
		"${root_packages[@]}" "$kbuild" "$compiler" "$compiler-x86-64-linux-gnu" >&2 ||
		die "$EX_SETUP" "apt could not fetch the $suite root: see its message above"
	# base-files first: it has /bin, /lib, ... as links into /usr.
	for f in "$tmp"/deb/base-files_*.deb "$tmp"/deb/*.deb; do
		dpkg-deb -x "$f" "$tmp/root" || exit
	done
	# What alternatives would have done.
	ln -sf mawk "$tmp/root/usr/bin/awk"
	chmod 755 "$tmp/root"
	mv "$tmp/root" "$root"
	rm -r "$tmp"
}

# root_for SUITE COMPILER KBUILD: the root's directory, made if it is not there.
root_for() {
	local root=$cache/root/$1-$2
	[ -e "$root" ] || locked root root_make_now "$@" || exit
	printf '%s\n' "$root"
}

# in_root ROOT COMMAND...: run it there, as the caller, with the cache and this
# tree at their usual places. objtool of 7.x fails without /proc.
in_root() {
	local root=$1 d enter=(unshare --mount)
	shift
	for d in "$cache" "$repo"; do
		mkdir -p "$root$d"
	done
	# shellcheck disable=SC2016
	local inside='
		set -e
		root=$1 cache=$2 repo=$3 user=$4; shift 4
		for d in /proc /dev; do mount --rbind "$d" "$root$d"; done
		for d in "$cache" "$repo"; do mount --bind "$d" "$root$d"; done
		cd /
		exec chroot ${user:+--userspec="$user"} "$root" "$@"'
	if [ "$(id -u)" -ne 0 ] && unshare --map-root-user --mount true 2>/dev/null; then
		enter=(unshare --map-root-user --mount)
		"${enter[@]}" sh -c "$inside" sh "$root" "$cache" "$repo" "" "$@"
	elif [ "$(id -u)" -eq 0 ]; then
		"${enter[@]}" sh -c "$inside" sh "$root" "$cache" "$repo" "" "$@"
	else
		as_root "building in $root (mount, chroot; no user namespaces here)" \
			"${enter[@]}" sh -c "$inside" sh "$root" "$cache" "$repo" \
			"$(id -u):$(id -g)" "$@"
	fi
}
