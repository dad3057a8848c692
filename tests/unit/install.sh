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
	-Iinclude -Ilib)

# each header alone and twice, then what it promises
compiles() {
	local compiler=$1 header
	shift
	for header in umcg_ioctl.h umcg.h ../tests/unit/layout.h; do
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

has_32bit() {
	echo '#include <stdio.h>' | "$CC" -m32 -x c -fsyntax-only - 2>/dev/null
}

library_32bit() {
	local f
	for f in lib/*.c; do
		"$CC" -m32 -std=gnu11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude \
			-c "$f" -o "$tmp/32.o" || return
	done
}

if has_32bit; then
	check header_32bit compiles "$CC" -m32 -x c -std=c11
	check library_32bit library_32bit
else
	skip header_32bit "no 32-bit libc (package gcc-multilib)"
	skip library_32bit "no 32-bit libc (package gcc-multilib)"
fi

# ---- an installed copy ------------------------------------------------------

dest=$tmp/dest
flags() {
	PKG_CONFIG_PATH=$dest/opt/umcg/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest \
		pkg-config "$@" libumcg
}

cat >"$tmp/program.c" <<'END'
#include <stdio.h>
#include <umcg.h>

int main(void)
{
	char why[UMCG_WHY_MAX];
	int error = umcg_available(why, sizeof(why));
	struct umcg_query q; /* in C++, too, where the function hides the struct */
	struct umcg_group *g;

	if (umcg_open(&g) == 0 && umcg_query(g, &q) == 0)
		umcg_close(g);
	printf("%d %s\n", error, why);
	return error > 0 || !error != !why[0];
}
END

# installed LANGUAGE COMPILER: build the program, as a shared one and a static
installed() {
	local f
	read -ra f <<<"$(flags --cflags --libs)"
	"$2" -x "$1" "$tmp/program.c" -x none "${f[@]}" -o "$tmp/program" &&
		LD_LIBRARY_PATH=$dest/opt/umcg/lib "$tmp/program" &&
		readelf -d "$tmp/program" | grep -q 'NEEDED.*\[libumcg\.so\.0\]' || return
	read -ra f <<<"$(flags --static --cflags --libs)"
	"$2" -static -x "$1" "$tmp/program.c" -x none "${f[@]}" -o "$tmp/program" &&
		"$tmp/program"
}

pc_is_whole() {
	[ "$(flags --modversion)" = "$(make -s version)" ] &&
		! grep @ "$dest/opt/umcg/lib/pkgconfig/libumcg.pc"
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

so=${BUILD:-build}/lib/libumcg.so.0
archive=${BUILD:-build}/lib/libumcg.a

exported() {
	nm -D --defined-only "$so" | sed -nE 's/.* T (.*)@@LIBUMCG_.*/\1/p' | sort
}

in_map() {
	sed -nE 's/^\t(umcg_[a-z_]+);$/\1/p' lib/libumcg.map | sort
}

# every function the header declares; a comment cannot look like that
in_header() {
	sed -nE 's/^[a-z_][A-Za-z0-9_ ]*[ *](umcg_[a-z_]+)\(.*/\1/p' lib/umcg.h | sort
}

same_symbols() {
	[ -n "$(in_map)" ] && diff <(in_map) <(exported) && diff <(in_map) <(in_header)
}

nothing_else_exported() {
	! nm -D --defined-only "$so" | grep -vE ' A LIBUMCG_|@@LIBUMCG_' &&
		readelf -d "$so" | grep -q 'SONAME.*\[libumcg\.so\.0\]'
}

# no state that outlives a call: no variable, not even a static one
no_variables() {
	! nm "$archive" | grep -E ' [bBcCdDgGsS] '
}

check symbols_are_the_map_and_the_header same_symbols
check exports_nothing_else nothing_else_exported
check has_no_variables no_variables

tap_end
