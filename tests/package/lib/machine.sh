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
		-o -path ./tmp -o -path ./run -o -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/log \
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

packages=(umcg umcg-dkms libumcg-dev libumcg-runtime0 libumcg-sync0 libumcg0)

# has_version VERSION: of all packages
has_version() {
	# shellcheck disable=SC2016
	[ "$(on_machine dpkg-query -W -f '${Version}\n' "${packages[@]}" | sort -u)" = "$1" ]
}

has_files() {
	local f status=0
	for f in usr/bin/umcg usr/lib/udev/rules.d/60-umcg.rules \
		usr/lib/modules-load.d/umcg.conf usr/include/umcg.h usr/include/umcg_ioctl.h \
		usr/include/umcg_sync.h usr/share/umcg/umcg.py usr/share/umcg/umcg-blocks.bt \
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

# The program of the README, as it is there, and the demo's server, with files to serve.
# shellcheck disable=SC2016
programs() {
	local home=$root/home/developer
	sed -n '/^```c$/,/^```$/{/^```/!p}' README.md >"$home/first.c" && [ -s "$home/first.c" ] &&
		cp -r examples/httpd "$root/root/demo" && mkdir "$root/root/demo/www" &&
		head -c 300000 /dev/urandom >"$root/root/demo/www/large" &&
		cp README.md "$root/root/demo/www/small"
}

# ---- what a machine that has been booted with the packages runs ----------------------

# The program, with what pkg-config says and nothing else, by a user without rights.
# shellcheck disable=SC2016,SC2034
booted='
exec 2>&1
umcg check
umcg status
[ "$(stat -c %a /dev/umcg)" = 666 ]
su developer -c "set -e; cd
	for mode in \"\" -static; do
		gcc -g -Wall -Werror \$mode first.c \
			\$(pkg-config \${mode:+-}\$mode --cflags --libs libumcg) -o first\$mode
		./first\$mode
		umcg check >/dev/null
	done"
/home/developer/first
umcg unload
umcg check && exit 1
su developer -c /home/developer/first && exit 1
umcg load
umcg check >/dev/null
'

# gdb finds its command by the library that the program has.
# shellcheck disable=SC2034
debugged='
su developer -c "cd; gdb -nx -q -batch -ex \"set breakpoint pending on\" -ex \"break puts\" \
	-ex run -ex umcg ./first" >/tmp/gdb 2>&1 || { cat /tmp/gdb; exit 1; }
cat /tmp/gdb
grep -q "slot .: server, last ran slot .*, which blocked" /tmp/gdb
grep -q "slot .: worker, " /tmp/gdb
'

# The server of the demo, serving; what it does becomes a picture, which is looked at
# outside.
# shellcheck disable=SC2016,SC2034
drawn='
cd /root/demo
gcc -O2 -Wall -Werror ./*.c $(pkg-config --cflags --libs libumcg) -pthread -o httpd
umcg trace --check -o /root/demo.svg -- ./httpd --port 8765 www >report &
tries=0
until grep -q ^serving report; do
	tries=$((tries + 1))
	[ $tries -lt 300 ]
	sleep 0.1
done
for n in 1 2 3 4 5 6; do
	bash -c "exec 3<>/dev/tcp/127.0.0.1/8765
		printf \"GET /large HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n\" >&3
		tail -c 300000 <&3 | cmp - www/large && echo same >>same" &
	clients="$clients $!"
done
wait $clients
kill $(pidof httpd)
wait
cat report
[ "$(grep -c same same)" = 6 ]
sync
'

# What of another version is there, in /root/old: the library that needs less than the
# module has, and the module that has less than the library needs.
# shellcheck disable=SC2034
skewed='
LD_LIBRARY_PATH=/root/old ldd /home/developer/first | grep /root/old/libumcg.so.0
LD_LIBRARY_PATH=/root/old /home/developer/first
umcg unload
insmod /root/old/umcg.ko
umcg check >/tmp/old && exit 1
cat /tmp/old
grep -q "API level 1, too old for this command and its library" /tmp/old
su developer -c /home/developer/first && exit 1
LD_LIBRARY_PATH=/root/old /home/developer/first
umcg unload
umcg load
umcg check >/dev/null
'

# keep_old RELEASE: what skewed is about
keep_old() {
	local old=$root/root/old ko
	mkdir "$old" && cp "$root"/usr/lib/x86_64-linux-gnu/libumcg.so.0 "$old/" &&
		ko=$(on_machine modinfo -k "$1" -n umcg) || return
	case $ko in
	*.xz) xz -dc "$root$ko" >"$old/umcg.ko" ;;
	*) cp "$root$ko" "$old/umcg.ko" ;;
	esac
}

# A renderer draws it, and without its words, whatever fonts are here, far more than the
# grid behind.
demo_is_a_picture() {
	local file=$tmp/demo
	from_disk /root/demo.svg "$file.svg" && rsvg-convert -o "$file.png" "$file.svg" &&
		sed 's/<text[^>]*>[^<]*<\/text>//g' "$file.svg" >"$file.shapes.svg" &&
		sed 's/<rect[^>]*>//g; s/<\/rect>//g' "$file.shapes.svg" >"$file.grid.svg" &&
		rsvg-convert -o "$file.shapes.png" "$file.shapes.svg" &&
		rsvg-convert -o "$file.grid.png" "$file.grid.svg" && ls -l "$file".* &&
		[ "$(stat -c %s "$file.shapes.png")" -gt $((2 * $(stat -c %s "$file.grid.png"))) ]
}

# ---- kernels that come and go -------------------------------------------------------

kernel_is_upgraded() {
	# shellcheck disable=SC2046 # words
	on_machine apt-get -q -y install --no-install-recommends \
		$(next_kernel "$suite") && is_configured && [ "$(releases | wc -l)" -eq 2 ]
}

# fake_headers RELEASE [OPTION]: those of a kernel that nobody has seen, without OPTION:
# the newest's, with the scripts of Debian's own headers. Of its options trixie's dkms reads
# auto.conf, bookworm's .config.
fake_headers() {
	local release=$1 option=${2-none} dir=$tmp/fake.$1 newest build file
	newest=$(releases | tail -n 1)
	build=$dir/usr/lib/modules/$release/build
	mkdir -p "$dir/DEBIAN" "$build/include/config" || return
	for file in .config include/config/auto.conf; do
		grep -v "^$option=" "$root/usr/src/linux-headers-$newest/$file" >"$build/$file" || return
	done
	ln -s "/usr/src/linux-headers-$newest"/{Makefile,arch,scripts} "$build/" &&
		printf '%s\n' "Package: linux-headers-$release" Version:\ 99 Architecture:\ amd64 \
			'Maintainer: nobody <nobody@umcg.invalid>' 'Description: not there' \
			>"$dir/DEBIAN/control" || return
	sed "s/$newest/$release/g" "$root/var/lib/dpkg/info/linux-headers-$newest.postinst" \
		>"$dir/DEBIAN/postinst" && grep -q "$release" "$dir/DEBIAN/postinst" &&
		chmod 755 "$dir/DEBIAN/postinst" && mkdir -p "$root/debs" &&
		dpkg-deb -b "$dir" "$root/debs/fake.deb"
}

# skips RELEASE [OPTION]: such a kernel is left alone, and the others are not: neither when
# its headers come, nor when its image does, nor when the packages come to where it is.
skips() {
	fake_headers "$@" && on_machine dpkg -i /debs/fake.deb && is_configured &&
		on_machine /etc/kernel/postinst.d/dkms "$1" &&
		on_machine sh -c 'dpkg -i /debs/umcg-dkms_*.deb' && is_configured &&
		[ ! -e "$root/usr/lib/modules/$1/updates" ] &&
		on_machine dpkg --purge "linux-headers-$1" &&
		rm -rf "$root/usr/lib/modules/$1"
}

# ---- leaving ------------------------------------------------------------------------

removes() {
	rm -rf "$root/root/old" && on_machine apt-get -q -y remove "${packages[@]}" && is_configured &&
		! find "$root/lib/modules/" "$root/var/lib/dkms" -name 'umcg*' | grep .
}

purges() {
	on_machine dpkg --purge "${packages[@]}" && is_configured
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
