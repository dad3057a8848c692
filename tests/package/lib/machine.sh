# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# The machine that the packages come to, and what there is to see of them.

on_machine() {
	in_root "$root" "$@"
}

# releases: the kernels it has, oldest first
releases() {
	(cd "$root/lib/modules" && printf '%s\n' *) | sort -V
}

machine_is_made() {
	root_unpack "$suite" machine "$root" &&
		releases && [ "$(releases | wc -l)" -eq 1 ] && on_machine dpkg --audit &&
		on_machine useradd --create-home developer
}

# Its files, and the words in those that list users, groups and modules. Without what
# dpkg, dkms and apt keep for themselves.
files() {
	(cd "$root" && find . \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./debs \
		-o -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/log \
		-o -path ./var/cache -o -path ./usr/src/linux-\* -o -path ./boot \
		-o -path ./lib/modules/\*/kernel -o -path ./usr/lib/modules/\*/kernel \) \
		-prune -o -print | grep -vE \
		'/var/lib/dkms/mok\.(key|pub)$|/modules/[^/]*/modules\.|/etc/ld\.so\.cache' &&
		cat etc/passwd etc/group etc/modules 2>/dev/null) | LC_ALL=C sort
}

# install_from DIRECTORY: as the README says it, by apt.
install_from() {
	rm -rf "$root/debs" && mkdir "$root/debs" && cp "$1"/*.deb "$root/debs/" &&
		rm -f "$root"/debs/*dbgsym* &&
		on_machine sh -c 'apt-get -q -y install /debs/*.deb' &&
		is_configured
}

# dpkg --audit is silent, and says so with 0, whatever it finds.
is_configured() {
	local found
	found=$(on_machine dpkg --audit) && [ -z "$found" ] && return
	echo "$found"
	return 1
}

# module_is_for RELEASE...: and for no other kernel, and each would load there.
module_is_for() {
	local release status
	status=$(on_machine dkms status) && echo "$status" &&
		[ "$status" = "$(printf "umcg/$module, %s, x86_64: installed\n" "$@")" ] || return
	for release; do
		on_machine modinfo -k "$release" -F version umcg | grep -qxF "$module" &&
			on_machine modinfo -k "$release" -F vermagic umcg | grep -q "^$release " || return
	done
}

# has_version VERSION: of all four packages
has_version() {
	# shellcheck disable=SC2016
	[ "$(on_machine dpkg-query -W -f '${Version}\n' umcg umcg-dkms libumcg0 libumcg-sync0 \
		libumcg-dev | sort -u)" = "$1" ]
}

has_files() {
	local f status=0
	for f in usr/bin/umcg usr/lib/udev/rules.d/60-umcg.rules \
		usr/lib/modules-load.d/umcg.conf usr/include/umcg.h usr/include/umcg_ioctl.h \
		usr/share/bash-completion/completions/umcg \
		usr/share/zsh/vendor-completions/_umcg \
		usr/share/fish/vendor_completions.d/umcg.fish; do
		[ -e "$root/$f" ] || { echo "no $f"; status=1; }
	done
	return $status
}

# Each page of man/, under each of its names.
shows_pages() {
	local page name status=0
	for page in man/*.[1-8]; do
		while read -r name; do
			name=/usr/share/man/man${page##*.}/$name.${page##*.}.gz
			on_machine mandoc -T utf8 "$name" | grep -c . ||
				{ echo "no $name"; status=1; }
		done < <(sed -n '/^\.Nd/q; s/^\.Nm \([a-z_]*\).*/\1/p' "$page")
	done
	return $status
}

# Under this machine's kernel the module is not, and the command says why.
says_what_is_missing() {
	local said
	said=$(on_machine umcg check)
	[ $? -eq 1 ] && grep -q '^problem  *no-headers: ' <<<"$said" && return
	echo "$said"
	return 1
}

# The program of the README, with what pkg-config says and nothing else.
first_program() {
	# shellcheck disable=SC2016
	sed -n '/^```c$/,/^```$/{/^```/!p}' README.md >"$root/home/developer/first.c" &&
		[ -s "$root/home/developer/first.c" ]
}

# What is run on a machine that has been booted with the packages.
# shellcheck disable=SC2016,SC2034
booted='
exec 2>&1
umcg check
umcg status
[ "$(stat -c %a /dev/umcg)" = 666 ]
su developer -c "set -e; cd
	for mode in \"\" -static; do
		gcc -Wall -Werror \$mode first.c \
			\$(pkg-config \${mode:+-}\$mode --cflags --libs libumcg) -o first
		./first
		umcg check >/dev/null
	done"
/home/developer/first
umcg unload
! umcg check
! su developer -c /home/developer/first
umcg load
umcg check >/dev/null
'

# ---- kernels that come and go -------------------------------------------------------

kernel_is_upgraded() {
	# shellcheck disable=SC2046 # words
	on_machine apt-get -q -y install --no-install-recommends \
		$(next_kernel "$suite") && is_configured && [ "$(releases | wc -l)" -eq 2 ]
}

# The headers of a kernel that nobody has seen: those of the newest, with the scripts
# of Debian's own headers.
fake_release=99.0.0-amd64
fake_headers() {
	local dir=$tmp/fake newest
	newest=$(releases | tail -n 1)
	mkdir -p "$dir/DEBIAN" "$dir/usr/lib/modules/$fake_release" &&
		ln -s "/usr/src/linux-headers-$newest" "$dir/usr/lib/modules/$fake_release/build" &&
		printf '%s\n' "Package: linux-headers-$fake_release" Version:\ 99 Architecture:\ amd64 \
			'Maintainer: nobody <nobody@umcg.invalid>' 'Description: not there' \
			>"$dir/DEBIAN/control" || return
	sed "s/$newest/$fake_release/g" "$root/var/lib/dpkg/info/linux-headers-$newest.postinst" \
		>"$dir/DEBIAN/postinst" && grep -q "$fake_release" "$dir/DEBIAN/postinst" &&
		chmod 755 "$dir/DEBIAN/postinst" && mkdir -p "$root/debs" &&
		dpkg-deb -b "$dir" "$root/debs/fake.deb"
}

# It is left alone, and the others are not: neither when its headers come, nor when
# its image does, nor when the packages come to where it is.
skips_what_is_too_new() {
	fake_headers && on_machine dpkg -i /debs/fake.deb && is_configured &&
		on_machine /etc/kernel/postinst.d/dkms "$fake_release" &&
		on_machine sh -c 'dpkg -i /debs/umcg-dkms_*.deb' && is_configured &&
		[ ! -e "$root/usr/lib/modules/$fake_release/updates" ] &&
		on_machine dpkg --purge "linux-headers-$fake_release" &&
		rm -rf "$root/usr/lib/modules/$fake_release"
}

# ---- leaving ------------------------------------------------------------------------

removes() {
	on_machine apt-get -q -y remove umcg umcg-dkms libumcg-dev libumcg-sync0 libumcg0 && is_configured &&
		! find "$root/lib/modules/" "$root/var/lib/dkms" -name 'umcg*' | grep .
}

purges() {
	on_machine dpkg --purge umcg umcg-dkms libumcg-dev libumcg-sync0 libumcg0 && is_configured
}

# What is there now and was not before is some other package's, or nothing.
nothing_is_left() {
	local left
	left=$(comm -13 "$tmp/before" <(files) |
		grep -vxFf <(cat "$root"/var/lib/dpkg/info/*.list |
			sed -E 's,^/(lib|bin|sbin)/,/usr/\1/,; s,^,.,')) &&
		{ echo "$left"; return 1; }
	comm -23 "$tmp/before" <(files) | grep . && return 1
	! grep -r umcg "$root/var/lib/dpkg/info" "$root/etc/ld.so.cache" \
		"$root"/lib/modules/*/modules.dep
}
