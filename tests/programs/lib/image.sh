# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from tests/vm/lib
#
# A disk with the programs on it: Debian's packages of this machine's release, fetched by
# the private apt of tests/vm, unpacked and not installed, so that no service is started
# and no right is needed. Made once, and kept in the cache.

image_packages() {
	sed 's/#.*//' "$programs/packages" | tr -s ' \t' '\n' | grep .
}

image_release() {
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# What nobody reads here: half of it.
image_slim() {
	(cd "$1" && rm -rf usr/share/{doc,man,locale,info,zoneinfo,icons,fonts,mime} \
		usr/lib/jvm/*/jmods usr/lib/jvm/*/lib/src.zip var/cache \
		usr/lib/python3*/test/{test_importlib,decimaltestdata,test_asyncio,cjkencodings})
}

# image_unpack FROM ROOT: base-files first, which has /bin, /lib, ... as links into /usr.
image_unpack() {
	local deb
	mkdir -p "$2/"{proc,dev,sys,tmp,run,umcg,root}
	for deb in "$1"/base-files_*.deb "$1"/*.deb; do
		dpkg-deb -x "$deb" "$2" || return
	done
	ln -sf mawk "$2/usr/bin/awk"	# what alternatives would have done
	printf '%s\n' root:x:0:0:root:/root:/bin/bash nobody:x:65534:65534::/tmp:/bin/sh \
		>"$2/etc/passwd"
	printf '%s\n' root:x:0: nogroup:x:65534: >"$2/etc/group"
	echo '127.0.0.1 localhost' >"$2/etc/hosts"
	image_slim "$2"
	PATH=$PATH:/sbin:/usr/sbin ldconfig -r "$2"
}

# Under the lock.
image_make_now() {
	local suite=$1 image=$2 tmp packages size
	[ ! -e "$image" ] || return 0
	mapfile -t packages < <(image_packages)
	apt_update "$suite"
	tmp=$(fresh_dir "$cache/programs")
	mkdir -p "$tmp/deb/partial" "$tmp/root"
	say "fetching the programs of $suite (about 300 MB)"
	apt_in "$suite" apt-get -q -y -o Dir::Cache::archives="$tmp/deb" \
		install --download-only --no-install-recommends "${packages[@]}" >&2 ||
		die "$EX_SETUP" "apt could not fetch the programs: see its message above"
	image_unpack "$tmp/deb" "$tmp/root" || exit "$EX_SETUP"
	size=$(($(du -sm "$tmp/root" | cut -f1) * 5 / 4 + 128))
	PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -b 4096 -E root_owner=0:0 \
		-d "$tmp/root" "$tmp/image" "${size}M" >/dev/null ||
		die "$EX_SETUP" "cannot make a disk of the programs: see above"
	rm -f "$cache/programs/$suite".*.ext4
	mv "$tmp/image" "$image"
	rm -rf "$tmp"
}

# image_ready: prints its path.
image_ready() {
	local suite image
	suite=$(image_release)
	image=$cache/programs/$suite.$(cat "$programs/packages" "$programs/lib/image.sh" |
		sha256sum | cut -c1-16).ext4
	[ -e "$image" ] || locked programs image_make_now "$suite" "$image" >&2 || exit
	printf '%s\n' "$image"
}
