# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# Two roots of a Debian release: "build" has what debian/control asks for, and lintian;
# "machine" is a small stock machine, with a kernel, its headers and dkms. Each is made
# once by mmdebstrap and kept in the cache as a tar; a test unpacks its own.

# The kernel that the machine is upgraded to, as apt wants it named.
next_kernel() {
	case $1 in
	bookworm) echo linux-image-6.12-amd64 linux-headers-6.12-amd64 ;;
	*) echo -t "$1-backports" linux-image-amd64 linux-headers-amd64 ;;
	esac
}

# in_root ROOT COMMAND...: in the root, which sees no network, and nothing of this
# machine but its kernel.
in_root() {
	# shellcheck disable=SC2016
	unshare --mount --pid --net --fork --kill-child sh -c '
		root=$1; shift
		mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" &&
			mount -t sysfs sysfs "$root/sys" &&
			exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
				LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root \
				"$@"' sh "$@"
}

build_depends() {
	sed -n '/^Build-Depends:/,/^[^ ]/{s/^ //;s/ <.*>//;s/,$//p}' debian/control |
		sed 's/ (.*)//' | grep -v '^debhelper-compat$' | tr '\n' ,
}

# What mmdebstrap is asked for, in words: they also name the tar.
# shellcheck disable=SC2016
root_recipe() {
	local suite=$1 kind=$2
	printf '%s\n' --mode=root --variant=minbase --dpkgopt=force-unsafe-io
	case $kind in
	build)
		printf '%s\n' "--include=$(build_depends)build-essential,debhelper,lintian"
		;;
	machine)
		printf '%s\n' \
			'--include=systemd-sysv,udev,linux-image-amd64,linux-headers-amd64' \
			'--include=dkms,gcc,gdb,libc6-dev,pkg-config,mandoc,passwd' \
			--skip=cleanup/apt --skip=essential/unlink \
			"--customize-hook=chroot \"\$1\" apt-get -q -y install --download-only \
				--no-install-recommends $(next_kernel "$suite")" \
			"--customize-hook=chroot \"\$1\" apt-get -q -y install --download-only \
				libkmod2" \
			--customize-hook='echo umcg-machine >"$1/etc/hostname"'
		;;
	esac
}

# Under the lock.
root_make_now() {
	local suite=$1 kind=$2 tar=$3 recipe new
	[ ! -e "$tar" ] || return 0
	mapfile -t recipe < <(root_recipe "$suite" "$kind")
	new=$(fresh_dir "$cache/package")
	chmod 755 "$new"
	apt_sources "$suite" >"$new/sources.list" || exit
	say "making a root of $suite to ${kind/machine/be a machine} (two minutes, 200 MB)"
	# In mounts of its own: what it leaves behind when it is killed is no mount.
	TMPDIR=$new unshare --mount mmdebstrap "${recipe[@]}" "$suite" "$new/root.tar" \
		"$new/sources.list" >"$new/log" 2>&1 9>&- || {
		tail -n 30 "$new/log" >&2
		die "$EX_SETUP" "mmdebstrap could not make a root of $suite: see above"
	}
	rm -f "${tar%.*.tar}".*.tar
	mv "$new/root.tar" "$tar"
	rm -r "$new"
}

root_tar() {
	echo "$cache/package/$1-$2.$(root_recipe "$1" "$2" | sha256sum | cut -c1-16).tar"
}

# root_ready SUITE KIND: it is in the cache.
root_ready() {
	local tar
	tar=$(root_tar "$1" "$2")
	[ -e "$tar" ] || locked package root_make_now "$1" "$2" "$tar"
}

# root_unpack SUITE KIND TO
root_unpack() {
	mkdir "$3" && tar -x --numeric-owner --xattrs -C "$3" -f "$(root_tar "$1" "$2")"
}
