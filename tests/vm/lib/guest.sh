# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# What is inside the guest: two cpio archives, one behind the other. The base
# (busybox, init.c, a few files in /etc) is the same for every kernel and kept in
# the cache; the other is made for each run and holds the tree's build/, the
# programs and files the command names, their libraries, umcg.ko.

# guest_skeleton ROOT: the links a merged /usr has. Both archives need them: a
# directory in the second would replace a link from the first.
guest_skeleton() {
	local d
	for d in bin sbin lib lib64; do
		mkdir -p "$1/usr/$d"
		ln -s "usr/$d" "$1/$d"
	done
}

# guest_pack ROOT: the archive of it, to stdout. Sorted, and without what differs
# from run to run, so that equal guests are equal under icount: the kernel reads
# the archive's headers before its first line of log, and a hexadecimal digit
# which is a letter takes it an instruction more. A date is enough to be unequal.
guest_pack() (
	cd "$1" && find . -exec touch -h -d 2022-01-01T00:00:00Z {} + &&
		find . -print0 | LC_ALL=C sort -z |
		cpio --null --create --format=newc --owner=0:0 --reproducible --quiet
)

guest_base_now() {
	local base=$1 tmp applet
	[ ! -e "$base" ] || return 0
	need gcc cpio busybox
	tmp=$(fresh_dir "$cache/guest")
	chmod 755 "$tmp"
	guest_skeleton "$tmp"
	mkdir -p "$tmp"/{dev,proc,sys,tmp,run,root,etc,umcg,.vm}
	gcc -O2 -static -Wall -o "$tmp/init" "$vm_dir/init.c" ||
		die "$EX_SETUP" "init.c does not compile: see above (is libc6-dev installed?)"
	cp "$(command -v busybox)" "$tmp/usr/bin/busybox"
	busybox --list-full | while IFS= read -r applet; do
		applet=${applet#usr/}
		[ "$applet" = bin/busybox ] || ln -s /bin/busybox "$tmp/usr/$applet" 2>/dev/null
	done
	cat >"$tmp/etc/passwd" <<-EOF
		root:x:0:0:root:/root:/bin/sh
		nobody:x:65534:65534:nobody:/tmp:/bin/sh
	EOF
	printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$tmp/etc/group"
	printf '%s\n' '127.0.0.1 localhost umcg-vm' '::1 localhost' >"$tmp/etc/hosts"
	guest_pack "$tmp" >"$tmp.cpio" && mv "$tmp.cpio" "$base"
	rm -r "$tmp"
}

# guest_base: the path of the base archive.
guest_base() {
	local base
	base=$cache/guest/base-$(cat "$vm_dir/init.c" "$vm_dir/lib/guest.sh" \
		"$(command -v busybox)" | sha256sum | cut -c1-16).cpio
	[ -e "$base" ] || locked guest guest_base_now "$base" || exit
	printf '%s\n' "$base"
}

# guest_path FILE: where FILE is in the guest. The tree is /umcg there.
guest_path() {
	case $1 in
	"$repo") echo /umcg ;;
	"$repo"/*) printf '%s\n' "/umcg${1#"$repo"}" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# guest_add ROOT FILE: put a file or directory of the host into the guest.
guest_add() {
	local root=$1 file=$2 to
	to=$root$(guest_path "$file")
	mkdir -p "$(dirname "$to")"
	if [ -d "$file" ]; then
		mkdir -p "$to"
		cp -a "$file/." "$to/"
	elif [ ! -e "$to" ]; then
		cp -L --preserve=mode,timestamps "$file" "$to"
	fi || die "$EX_SETUP" "cannot put $file into the guest"
	guest_add_interpreter "$root" "$file"
}

# A script needs what its first line names, unless busybox is that.
guest_add_interpreter() {
	local line words
	[ -f "$2" ] || return 0
	IFS= read -r -d '' -n 2 line <"$2"
	[ "$line" = '#!' ] || return 0
	IFS= read -r line <"$2"
	read -ra words <<<"${line#??}"
	[ "${words[0]##*/}" != env ] || words=("${words[@]:1}")
	guest_add_program "$1" "${words[0]##*/}"
}

# busybox_has NAME
busybox_has() {
	: "${busybox_applets:=$(busybox --list)}"
	[[ $'\n'$busybox_applets$'\n' == *$'\n'"$1"$'\n'* ]]
}

# guest_add_program ROOT NAME: a program of the host's PATH which busybox lacks.
guest_add_program() {
	local path
	! busybox_has "$2" || return 0
	path=$(PATH=$PATH:/usr/sbin:/sbin type -P -- "$2") || return 0
	guest_add "$1" "$path"
}

# guest_add_named ROOT COMMAND...: what the command's words name. Words inside a
# word count as well (sh -c 'ab ... | grep ...'). A word that is a program only by
# coincidence costs a few kB.
guest_add_named() {
	local root=$1 word words
	shift
	mapfile -t words < <(printf '%s\n' "$@" |
		grep -oE '[A-Za-z0-9_./+@:-]+' | sort -u)
	for word in "${words[@]}"; do
		case $word in
		/proc/* | /sys/* | /dev/*) ;;
		/bin/* | /sbin/* | /usr/bin/* | /usr/sbin/*)
			[ ! -f "$word" ] || guest_add_program "$root" "${word##*/}" ;;
		/*) [ ! -f "$word" ] || guest_add "$root" "$word" ;;
		*..*) ;;
		*/*) [ ! -f "$repo/$word" ] || guest_add "$root" "$repo/$word" ;;
		*) if [ -f "$repo/$word" ]; then
			guest_add "$root" "$repo/$word"
		else
			guest_add_program "$root" "$word"
		fi ;;
		esac
	done
}

# guest_add_with ROOT FILE: for --with. A program's name will do, too.
guest_add_with() {
	local path
	if [ -e "$2" ]; then
		path=$(realpath -s "$2")
	elif [ -e "$repo/$2" ]; then
		path=$(realpath -s "$repo/$2")
	else
		path=$(PATH=$PATH:/usr/sbin:/sbin type -P -- "$2") ||
			usage_error "--with: no such file or program: $2"
	fi
	guest_add "$1" "$path"
}

# guest_add_tree ROOT: build/, without what only the compiler reads and
# without other kernels' modules. The tree's path on the host is a link to it, so
# that paths the compiler wrote down (rpath, __FILE__) stay good.
guest_add_tree() {
	local root=$1
	mkdir -p "$root/umcg"
	[ -z "$bare" ] || return 0
	if [ -d "$build_dir" ]; then
		(cd "$repo" && find build -path build/module -prune -o \
			! -name '*.o' ! -name '*.d' ! -name '*.a' ! -name '*.gcno' -print0 |
			cpio --null --pass-through --make-directories \
				--preserve-modification-time --quiet "$root/umcg") ||
			say "part of $build_dir could not be copied (is somebody building?)"
	fi
	if [ ! -e "$root$repo" ]; then
		mkdir -p "$root$(dirname "$repo")"
		ln -s /umcg "$root$repo"
	fi
}

# guest_library_path ROOT: the directories of build/ with shared libraries.
guest_library_path() {
	[ -d "$1/umcg/build" ] || return 0
	(cd "$1" && find umcg/build \( -name '*.so' -o -name '*.so.*' \) -printf '/%h\n') |
		sort -u | paste -sd:
}

# guest_add_libraries ROOT LIBRARY_PATH: for every ELF file that got in so far.
# pthread_cancel() and pthread_exit() load libgcc_s by themselves.
guest_add_libraries() {
	local root=$1 f magic elf=() libs
	while IFS= read -r -d '' f; do
		IFS= read -r -d '' -n 4 magic <"$f" 2>/dev/null
		[ "$magic" = $'\x7fELF' ] && elf+=("$f")
	done < <(find "$root" -type f -size +200c ! -name '*.ko' -print0)
	[ ${#elf[@]} -gt 0 ] || return 0
	libs=$(LD_LIBRARY_PATH=${2:+$root${2//:/:$root}} ldd "${elf[@]}" 2>/dev/null)
	f=$(sed -nE 's/^\t(.*) => not found$/\1/p' <<<"$libs" | sort -u | paste -sd' ')
	[ -z "$f" ] || say "libraries not found on this machine: $f"
	while IFS= read -r f; do
		[[ $f == "$root"/* || -e $root$f ]] || guest_add "$root" "$f"
	done < <(sed -nE 's/^\t(.* => )?(\/.*) \(0x[0-9a-f]+\)$/\2/p' <<<"$libs" | sort -u)
	f=$(ldconfig_path libgcc_s.so.1)
	[ -z "$f" ] || guest_add "$root" "$f"
	for f in "$root"/usr/lib/*/libpython3.*.so.*; do
		[ ! -e "$f" ] || guest_add_python "$root" "$f"
	done
}

# guest_add_python ROOT LIBPYTHON: gdb has Python inside and does not start
# without these of its 50 MB.
guest_add_python() {
	local root=$1 version dir f
	version=${2#*/libpython}
	dir=/usr/lib/python${version%%.so*}
	for f in "$dir"/*.py "$dir"/__pycache__/*[0-9].pyc \
		"$dir"/{encodings,collections,importlib,re,json} /usr/share/gdb; do
		[ ! -e "$f" ] || guest_add "$root" "$f"
	done
	mkdir -p "$root$dir/lib-dynload"
}

ldconfig_path() {
	PATH=$PATH:/sbin:/usr/sbin ldconfig -p |
		sed -nE "s/^\\t${1//./\\.} \\(.*x86-64.*\\) => (.*)/\\1/p" | head -n1
}

# guest_add_modules ROOT KERNEL UMCG_KO MODULE...: kernel modules with all they
# depend on, uncompressed, and umcg.ko where dkms would put it; then depmod.
guest_add_modules() {
	local root=$1 kernel=$2 umcg=$3 release m dir list f
	shift 3
	release=$(<"$kernel/release")
	dir=$root/lib/modules/$release
	mkdir -p "$dir/updates/dkms"
	for f in modules.builtin modules.builtin.modinfo modules.order; do
		[ ! -e "$kernel/modules/$f" ] || cp "$kernel/modules/$f" "$dir/"
	done
	for m; do
		list=$(with_modules_root "$kernel" "$release" \
			modprobe -C /dev/null -d @ -S "$release" --show-depends "$m") ||
			die "$EX_SETUP" "$release has no module '$m'"
		while read -r _ f _; do
			guest_add_module "$kernel" "$dir" "${f#*/lib/modules/"$release"/}"
		done < <(grep ^insmod <<<"$list")
	done
	if [ -n "$umcg" ]; then
		strip --strip-debug -o "$dir/updates/dkms/umcg.ko" "$umcg" || exit
		mkdir -p "$root/umcg/build/module/$release"
		ln -s "/lib/modules/$release/updates/dkms/umcg.ko" \
			"$root/umcg/build/module/$release/umcg.ko"
	fi
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$root" "$release"
}

guest_add_module() {
	local from=$1/modules/$3 to=$2/$3
	mkdir -p "$(dirname "$to")"
	case $3 in
	*.xz) xz -dc "$from" >"${to%.xz}" ;;
	*.zst) zstd -qdc "$from" >"${to%.zst}" ;;
	*.gz) gzip -dc "$from" >"${to%.gz}" ;;
	*) cp "$from" "$to" ;;
	esac
}
