# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# Names of kernels, and the directory each one becomes:
#
#	vmlinuz		the image
#	vmlinux		(optional) the same, unpacked, see image.sh
#	release		one line, what `uname -r` says
#	modules/	what is in /lib/modules/<release>, with depmod's files
#	build/		the tree to build modules against
#	version, suite	(Debian kernels) package version; the release it is from
#
# A directory of that shape which somebody else made is a kernel, too. kasan and
# kcsan are those that tests/vm/debug-kernel builds.

kernels=$cache/kernel

# kernel_is_dir NAME: a directory, by its slash or because it is one.
kernel_is_dir() {
	[[ $1 == */* ]] || [ -e "$1/vmlinuz" ]
}

# kernel_pattern NAME: sets suites (where to look, in order) and pattern (what
# follows linux-image- in the package's name).
kernel_pattern() {
	local name=$1 base=${1%%-*} flavour=
	[[ $name == *-* ]] && flavour=${name#*-}-
	[[ $flavour =~ ^(|rt-|cloud-)$ ]] ||
		usage_error "unknown flavour '${flavour%-}' in '$name': rt or cloud, e.g. 6.12-rt"
	if [ "$base" = latest ]; then
		suites=(trixie)
		pattern="[0-9.]+\\+deb13(\\.[0-9]+)?-${flavour}amd64"
	elif [[ $base =~ ^[0-9]+\.[0-9]+$ ]]; then
		suites=(bookworm trixie)
		pattern="${base/./\\.}(\\.[0-9.]+)?[-+][a-z0-9.]+-${flavour}amd64"
	else
		usage_error "unknown kernel '$name': 6.1, 6.12, latest, any of them with" \
			"-rt or -cloud, or a directory with vmlinuz, release and modules/"
	fi
}

# kernel_newest SUITE PATTERN: the newest release which has an image and headers.
kernel_newest() {
	comm -12 \
		<(apt_in "$1" apt-cache pkgnames linux-image- |
			sed -nE "s/^linux-image-($2)(-unsigned)?\$/\\1/p" | sort -u) \
		<(apt_in "$1" apt-cache pkgnames linux-headers- |
			sed -nE "s/^linux-headers-($2)\$/\\1/p" | sort -u) |
	sort -V | tail -n1
}

# kernel_packages SUITE RELEASE: image, headers, and what belongs to them.
# 7.x has its vmlinuz and modules in packages of their own, so follow Depends.
kernel_packages() {
	local suite=$1 image=linux-image-$2 new seen
	apt_in "$suite" apt-cache show --no-all-versions "$image" >/dev/null 2>&1 ||
		image+=-unsigned
	new="$image linux-headers-$2"
	seen=
	while [ -n "$new" ]; do
		seen="$seen $new"
		# shellcheck disable=SC2086
		new=$(apt_in "$suite" apt-cache depends --important $new |
			sed -nE 's/^ *\|?Depends: (linux-(base-[0-9]|binary-|modules-|headers-|kbuild-)[^<>]*)$/\1/p' |
			sort -u | grep -vxF "$(printf '%s\n' $seen)" | tr '\n' ' ') || new=
	done
	# shellcheck disable=SC2086
	printf '%s\n' $seen
}

# kernel_unpack SUITE RELEASE DIR: DIR/pkg gets the packages' files.
kernel_unpack() {
	local suite=$1 release=$2 dir=$3 packages f
	mapfile -t packages < <(kernel_packages "$suite" "$release")
	say "fetching $release: image, modules and headers (about 120 MB)"
	mkdir "$dir/deb" "$dir/pkg"
	(cd "$dir/deb" && apt_in "$suite" apt-get -q download "${packages[@]}" >&2) ||
		die "$EX_SETUP" "apt could not fetch $release: see its message above"
	for f in "$dir"/deb/*.deb; do
		dpkg-deb -x "$f" "$dir/pkg" || exit
	done
	dpkg-deb -f "$dir"/deb/linux-image-*.deb Version >"$dir/version"
	rm -r "$dir/deb"
}

# kernel_arrange RELEASE DIR: the links and files which make DIR/pkg a kernel.
kernel_arrange() {
	local release=$1 dir=$2 f headers=pkg/usr/src/linux-headers-$1
	echo "$release" >"$dir/release"
	f=$(cd "$dir" && find pkg -type d -path "*/lib/modules/$release")
	ln -s "$f" "$dir/modules"
	# 7.x keeps the image beside its modules.
	f=$(cd "$dir" && find pkg -path "*/boot/vmlinuz-$release" -o -path "*/modules/$release/vmlinuz")
	ln -s "$f" "$dir/vmlinuz"
	image_unwrap "$dir/vmlinuz" "$dir/vmlinux" ||
		say "$release cannot be unpacked here and will boot more slowly"
	ln -s "$headers" "$dir/build"
	# The headers' Makefile says /usr/src; unpacked here it must find itself.
	# shellcheck disable=SC2016
	sed -i -e 's,^KBUILD_OUTPUT=/usr/src/.*,KBUILD_OUTPUT := $(realpath $(dir $(lastword $(MAKEFILE_LIST)))),' \
		-e 's,^include /usr/src/,include $(dir $(lastword $(MAKEFILE_LIST)))../,' \
		"$dir/$headers/Makefile"
	# In the package, build and source point to where we have not installed it.
	rm -f "$dir"/modules/build "$dir"/modules/source
	for f in vmlinuz modules/kernel build/Makefile; do
		[ -e "$dir/$f" ] || die "$EX_SETUP" "the packages of $release are not laid" \
			"out as expected: no $f in $dir"
	done
	with_modules_root "$dir" "$release" depmod -b @ "$release"
}

# with_modules_root DIR RELEASE COMMAND...: kmod wants <root>/lib/modules/<release>;
# give it one that is a link to DIR/modules. @ in COMMAND stands for the root.
with_modules_root() {
	local dir=$1 release=$2 root status=0
	shift 2
	root=$(mktemp -d)
	mkdir -p "$root/lib/modules"
	ln -s "$(realpath "$dir/modules")" "$root/lib/modules/$release"
	PATH=$PATH:/sbin:/usr/sbin "${@//@/$root}" || status=$?
	rm -r "$root"
	return "$status"
}

# kernel_fetch_now NAME: under the lock. The directory is named by release and
# package version, as Debian rebuilds kernels under one release.
kernel_fetch_now() {
	local name=$1 suites pattern suite release='' dir tmp
	[ ! -e "$kernels/by-name/$name" ] || return 0
	need apt-get apt-cache dpkg-deb depmod
	kernel_pattern "$name"
	for suite in "${suites[@]}"; do
		apt_update "$suite"
		release=$(kernel_newest "$suite" "$pattern")
		[ -z "$release" ] || break
	done
	[ -n "$release" ] ||
		die "$EX_SETUP" "Debian (${suites[*]}) has no kernel '$name' today"
	tmp=$(fresh_dir "$kernels")
	kernel_unpack "$suite" "$release" "$tmp"
	echo "$suite" >"$tmp/suite"
	kernel_arrange "$release" "$tmp"
	chmod 755 "$tmp"
	dir=$kernels/${release}_$(<"$tmp/version")
	if [ -e "$dir" ]; then
		rm -rf "$tmp"
	else
		mv "$tmp" "$dir"
	fi
	mkdir -p "$kernels/by-name"
	ln -sfn "../${dir##*/}" "$kernels/by-name/$name"
	say "$name is $release ($(<"$dir/version"))"
}

# kernel_dir NAME: its directory, fetched if it is not there.
kernel_dir() {
	local name=$1 dir f
	if [[ $name =~ ^(kasan|kcsan)$ ]]; then
		dir=$("$vm_dir/debug-kernel" "$name") || exit
	elif kernel_is_dir "$name"; then
		dir=$(realpath -e "$name" 2>/dev/null) ||
			usage_error "no such kernel directory: $name"
		for f in vmlinuz release modules; do
			[ -e "$dir/$f" ] || usage_error "$dir has no $f: a kernel directory" \
				"holds vmlinuz, release (one line) and modules/"
		done
	else
		[ -e "$kernels/by-name/$name" ] ||
			locked kernel kernel_fetch_now "$name" || exit
		dir=$(realpath -e "$kernels/by-name/$name") || exit
	fi
	printf '%s\n' "$dir"
}
