#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The library as others meet it: headers in every language they are used from, an
# installed copy found through pkg-config alone, the symbols it exports. TAP.
#
# shellcheck disable=SC2317 # functions are called by check()

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
CC=${CC:-gcc} CXX=${CXX:-g++}
# shellcheck source=../tap.sh
. tests/tap.sh
tmp=$tap_tmp

# ---- headers ----------------------------------------------------------------

strict=(-Wall -Wextra -Wpedantic -Wconversion -Werror -fsyntax-only
	-Iinclude -Ilib -Isync -Iruntime)

# each header alone and twice, then what it promises
compiles() {
	local compiler=$1 header
	shift
	for header in umcg_ioctl.h umcg.h umcg_sync.h umcg_runtime.h ../tests/unit/layout.h; do
		printf '#include "%s"\n' "$header" "$header" |
			"$compiler" "$@" "${strict[@]}" - || return
	done
}

check header_c11 compiles "$CC" -x c -std=c11
check header_gnu17 compiles "$CC" -x c -std=gnu17
if command -v "$CXX" >/dev/null; then
	check header_cxx11 compiles "$CXX" -x c++ -std=c++11
	check header_cxx17 compiles "$CXX" -x c++ -std=c++17
	check header_cxx20 compiles "$CXX" -x c++ -std=c++20
else
	skip header_cxx17 "no C++ compiler ($CXX)"
fi

# <asm/errno.h> and its like are the same for both: only gcc-multilib says so, which
# cannot be installed beside a compiler for another processor.
m32=(-m32 -idirafter "/usr/include/$("$CC" -print-multiarch)")

has_32bit() {
	echo '#include <stdio.h>' | "$CC" "${m32[@]}" -x c -fsyntax-only - 2>/dev/null
}

library_32bit() {
	local f
	for f in lib/*.c sync/*.c runtime/*.c; do
		"$CC" "${m32[@]}" -std=gnu11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude -Ilib \
			-Isync \
			-c "$f" -o "$tmp/32.o" || return
	done
}

if has_32bit; then
	check header_32bit compiles "$CC" "${m32[@]}" -x c -std=c11
	check library_32bit library_32bit
else
	skip header_32bit "no 32-bit libc (package libc6-dev-i386)"
	skip library_32bit "no 32-bit libc (package libc6-dev-i386)"
fi

# ---- an installed copy ------------------------------------------------------

dest=$tmp/dest
flags() {
	PKG_CONFIG_PATH=$dest/opt/umcg/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest \
		pkg-config "$@" libumcg-sync
}

cat >"$tmp/program.c" <<'END'
#include <stdio.h>
#include <umcg_sync.h>

int main(void)
{
	char why[UMCG_WHY_MAX];
	int error = umcg_available(why, sizeof(why));
	struct umcg_query q; /* in C++, too, where the function hides the struct */
	struct umcg_group *g;
	struct umcg_mutex mutex = { 0 };

	umcg_mutex_lock(&mutex);
	error += umcg_mutex_unlock(&mutex);
	if (umcg_open(&g) == 0 && umcg_query(g, &q) == 0)
		umcg_close(g);
	printf("%d %s\n", error, why);
	return error > 0 || !error != !why[0];
}
END

# needs LIBRARY: the program does
needs() {
	readelf -d "$tmp/program" | grep -qF "[$1.so.0]"
}

# installed LANGUAGE COMPILER: build the program, as a shared one and a static
installed() {
	local f
	read -ra f <<<"$(flags --cflags --libs)"
	"$2" -x "$1" "$tmp/program.c" -x none "${f[@]}" -o "$tmp/program" &&
		LD_LIBRARY_PATH=$dest/opt/umcg/lib "$tmp/program" &&
		needs libumcg && needs libumcg-sync || return
	read -ra f <<<"$(flags --static --cflags --libs)"
	"$2" -static -x "$1" "$tmp/program.c" -x none "${f[@]}" -o "$tmp/program" &&
		"$tmp/program"
}

pc_is_whole() {
	[ "$(flags --modversion)" = "$(make -s version)" ] &&
		! grep @ "$dest"/opt/umcg/lib/pkgconfig/*.pc
}

uninstalls() {
	make -s uninstall prefix=/opt/umcg DESTDIR="$dest" &&
		[ -z "$(find "$dest" ! -type d)" ]
}

check install make -s install prefix=/opt/umcg DESTDIR="$dest"
check pkg_config pc_is_whole
check installed_c installed c "$CC"
if command -v "$CXX" >/dev/null; then
	check installed_cxx installed c++ "$CXX"
else
	skip installed_cxx "no C++ compiler ($CXX)"
fi
check uninstall uninstalls

# ---- symbols ----------------------------------------------------------------

libraries=${BUILD:-build}/lib

# exported LIBRARY NODE
exported() {
	nm -D --defined-only "$libraries/$1.so.0" | sed -nE "s/.* [TDR] (.*)@@$2_.*/\1/p" | sort
}

# in_map FILE
in_map() {
	sed -nE 's/^\t(umcg_[a-z_]+);$/\1/p' "$1" | sort
}

# in_header FILE: every function it declares, and constant; a comment cannot look like that
in_header() {
	sed -nE -e 's/^[a-z_][A-Za-z0-9_ ]*[ *](umcg_[a-z_]+)\(.*/\1/p' \
		-e 's/^extern const [a-z_ ]+ (umcg_[a-z_]+);$/\1/p' "$1" | sort
}

# same_symbols LIBRARY NODE MAP HEADER
same_symbols() {
	[ -n "$(in_map "$3")" ] && diff <(in_map "$3") <(exported "$1" "$2") &&
		diff <(in_map "$3") <(in_header "$4")
}

# nothing_else_exported LIBRARY NODE
nothing_else_exported() {
	! nm -D --defined-only "$libraries/$1.so.0" | grep -vE " A $2_|@@$2_" &&
		readelf -d "$libraries/$1.so.0" | grep -qF "SONAME" &&
		readelf -d "$libraries/$1.so.0" | grep -qF "[$1.so.0]"
}

# no state that outlives a call: no variable, not even a static one
no_variables() {
	! nm "$libraries/$1.a" | grep -E ' [bBcCdDgGsS] '
}

# what is linked in by name gets into nobody's way
all_have_a_prefix() {
	! nm --defined-only "$libraries/$1.a" | grep ' T ' | grep -vE " (umcg|$2)_"
}

# but one, of each thread: is it an attached worker? What is constant but for the
# addresses in it (.data.rel.ro) is none.
one_variable() {
	[ "$(nm -f sysv "$libraries/$1.a" |
		awk -F '|' '$3 ~ /[bBcCdDgGsS]/ && $7 !~ /^[.]data[.]rel[.]ro/' | wc -l)" -eq 1 ] &&
		readelf -lW "$libraries/$1.so.0" | grep -q TLS
}

check symbols_are_the_map_and_the_header same_symbols libumcg LIBUMCG lib/libumcg.map lib/umcg.h
check exports_nothing_else nothing_else_exported libumcg LIBUMCG
check has_no_variables no_variables libumcg
check sync_symbols_are_the_map_and_the_header \
	same_symbols libumcg-sync LIBUMCG_SYNC sync/libumcg-sync.map sync/umcg_sync.h
check sync_exports_nothing_else nothing_else_exported libumcg-sync LIBUMCG_SYNC
check sync_has_one_variable one_variable libumcg-sync
check sync_names_have_a_prefix all_have_a_prefix libumcg-sync sync
check runtime_symbols_are_the_map_and_the_header \
	same_symbols libumcg-runtime LIBUMCG_RUNTIME runtime/libumcg-runtime.map \
	runtime/umcg_runtime.h
check runtime_exports_nothing_else nothing_else_exported libumcg-runtime LIBUMCG_RUNTIME
check runtime_has_one_variable one_variable libumcg-runtime
check runtime_names_have_a_prefix all_have_a_prefix libumcg-runtime rt

tap_end
