#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What packages say of the rest, against the rest: versions, kernels, symbols, what
# the manual and the completions must have. TAP.
#
# shellcheck disable=SC2317 # functions are called by check()

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=../tap.sh
. tests/tap.sh
tmp=$tap_tmp

# ---- versions, kernels --------------------------------------------------------

one_version() {
	local version
	version=$(make -s version) && [[ $version =~ ^[0-9]+(\.[0-9]+)+$ ]] &&
		grep -qx "PACKAGE_VERSION=\"$version\"" dkms.conf &&
		[[ $(head -n 1 debian/changelog) == "umcg ($version"[-\)]* ]]
}

# The way dkms itself reads it, with what it has set by then.
dkms_value() (
	# shellcheck disable=SC2034
	kernel_source_dir=/K dkms_tree=/T
	# shellcheck source=../../dkms.conf
	. ./dkms.conf
	printf '%s\n' "${!1}"
)

# Releases as Debian, others, and kernel.org have them.
dkms_takes_tested_kernels_only() {
	local re release
	re=$(dkms_value BUILD_EXCLUSIVE_KERNEL)
	for release in 6.1.0-56-amd64 6.12.117+deb12-amd64 6.12.117+deb12-rt-amd64 \
		7.3.4+deb13-cloud-amd64 6.1 6.19.3 7.0.0-rc1 7.3-rc2+; do
		[[ $release =~ $re ]] || { echo "not $release"; return 1; }
	done
	for release in 5.10.0-30-amd64 6.0.12 7.4.0+deb13-amd64 7.10.1 7.30.1 8.1.0 16.1.0 6.100.1; do
		[[ ! $release =~ $re ]] || { echo "but $release"; return 1; }
	done
}

# autoinstalls RELEASE [ARCH]: as bookworm's dkms asks, whose kernelver and arch are
# another kernel's by then
autoinstalls() (
	# shellcheck disable=SC2034
	action=autoinstall kernelver=$1 arch=${2-x86_64} kernel_source_dir=/K dkms_tree=/T
	# shellcheck disable=SC2034
	install_tree=$tmp/modules
	read_conf() {
		local kernelver=6.1.0-56-amd64 arch=x86_64
		safe_source
	}
	safe_source() {
		(
			# shellcheck source=../../dkms.conf
			. ./dkms.conf
			[ -n "$AUTOINSTALL" ]
		)
	}
	read_conf
)

dkms_wants_no_autoinstall_for_others() {
	autoinstalls 6.12.117+deb12-amd64 && autoinstalls 7.3.4+deb13-amd64 &&
		! autoinstalls 7.4.0+deb13-amd64 && ! autoinstalls 99.0.0-amd64 &&
		! autoinstalls 6.12.117+deb12-686 i686 && ! autoinstalls 6.12.117+deb12-arm64 aarch64 &&
		[ "$(dkms_value AUTOINSTALL)" = yes ]
}

# configured RELEASE OPTION...: there are headers of it, with these options
configured() {
	local dir=$tmp/modules/$1/build
	shift
	mkdir -p "$dir" && printf '%s\n' "$@" '# CONFIG_KPROBES_OR_NOT is not set' >"$dir/.config"
}

dkms_wants_no_autoinstall_without_options() {
	local all=(CONFIG_PREEMPT_NOTIFIERS=y CONFIG_TRACEPOINTS=y CONFIG_KPROBES=y)
	configured 6.12.1-all "${all[@]}" && autoinstalls 6.12.1-all &&
		configured 6.12.2-module "${all[@]:0:2}" CONFIG_KPROBES=m && autoinstalls 6.12.2-module &&
		configured 6.12.3-lacks "${all[@]:0:2}" && ! autoinstalls 6.12.3-lacks &&
		configured 6.12.4-first "${all[@]:1}" && ! autoinstalls 6.12.4-first &&
		configured 6.12.5-other "${all[@]}" CONFIG_SCHED_PROXY_EXEC=y && ! autoinstalls 6.12.5-other
}

# What the build asks of a kernel's configuration, dkms asks before it builds.
dkms_asks_what_the_build_asks() {
	local word config
	config=" $(dkms_value BUILD_EXCLUSIVE_CONFIG) "
	[ "$(dkms_value BUILD_EXCLUSIVE_ARCH)" = x86_64 ] || return
	for word in $(sed -nE 's/^#ifndef (CONFIG_.*)/\1/p; s/^#ifdef (CONFIG_.*)/!\1/p' \
		module/compat/require.h); do
		[ "$word" = CONFIG_X86_64 ] || [[ $config == *" $word "* ]] ||
			{ echo "not asked: $word"; return 1; }
	done
}

dkms_sources_are_whole() {
	local source
	make -s install-dkms DESTDIR="$tmp/dkms" || return
	source=$tmp/dkms/usr/src/umcg-$(make -s version)
	diff -r module "$source/module" && diff -r include "$source/include" &&
		diff dkms.conf "$source/dkms.conf"
}

# ---- debian/ ------------------------------------------------------------------

# in_maps MAP...: what the libraries export
in_maps() {
	sed -nE 's/^\t(umcg_[a-z_]+);$/\1/p' "$@" | sort
}

debian_symbols_are_the_map() {
	diff <(in_maps lib/libumcg.map) \
		<(sed -nE 's/^ (umcg_[a-z_]+)@LIBUMCG_.*/\1/p' debian/libumcg0.symbols | sort) &&
		diff <(in_maps sync/libumcg-sync.map) \
			<(sed -nE 's/^ (umcg_[a-z_]+)@LIBUMCG_SYNC_.*/\1/p' debian/libumcg-sync0.symbols | sort) &&
		diff <(in_maps runtime/libumcg-runtime.map) \
			<(sed -nE 's/^ (umcg_[a-z_]+)@LIBUMCG_RUNTIME_.*/\1/p' \
				debian/libumcg-runtime0.symbols | sort)
}

# ---- the manual -----------------------------------------------------------------

man_names() {
	sed -n '/^\.Nd/q; s/^\.Nm \([a-z_-]*\).*/\1/p' "$@"
}

every_function_has_its_page() {
	diff <(in_maps lib/libumcg.map sync/libumcg-sync.map runtime/libumcg-runtime.map) \
		<(for page in man/*.3; do man_names "$page"; done | grep -v '^libumcg' | sort)
}

# has_all FILE WORD...: FILE has each of them
has_all() {
	local file=$1 word status=0
	shift
	[ $# -gt 0 ] || return
	for word; do
		grep -qwF -e "$word" "$file" || { echo "$file: no $word"; status=1; }
	done
	return $status
}

calls() {
	sed -nE 's/^#define (UMCG_IOC_[A-Z]+)\t.*_IO.*/\1/p' include/umcg_ioctl.h
}

errors() {
	sed -nE 's/^ \* (E[A-Z]+)\t.*/\1/p' include/umcg_ioctl.h
}

causes() {
	sed -nE 's/.*->id = "([a-z-]+)";/\1/p; s/.*\.id = "([a-z-]+)";/\1/p' tools/umcg/causes.c
}

commands() {
	sed -nE 's/^\t\{ "([a-z]+)", .*command_.*/\1/p' tools/umcg/main.c
}

options() {
	sed -nE 's/^\t\{ "([a-z-]+)", (no|required|optional)_argument.*/\1/p' tools/umcg/*.c | sort -u
}

device_page_has_every_call() {
	# shellcheck disable=SC2046
	has_all man/umcg.4 $(calls)
}

device_page_has_every_error() {
	local e status=0
	[ -n "$(errors)" ] || return
	for e in $(errors); do
		grep -qx "\.It Bq Er $e" man/umcg.4 || { echo "no $e"; status=1; }
	done
	return $status
}

command_page_has_everything() {
	# shellcheck disable=SC2046
	has_all man/umcg.1 $(commands) $(options) $(causes)
}

completions_have_everything() {
	local f
	for f in completions/*; do
		# shellcheck disable=SC2046
		has_all "$f" $(commands) $(options) || return
	done
}

# That of libumcg-sync(3) needs no module.
sync_example_runs() {
	tests/manual/example man/libumcg-sync.3 | "${CC:-gcc}" -Wall -Wextra -Werror -Isync -Ilib \
		-Iinclude -pthread -x c - -x none "${BUILD:-build}"/lib/libumcg-sync.a \
		"${BUILD:-build}"/lib/libumcg.a -o "$tmp/example" &&
		[ "$("$tmp/example")" = 4000 ]
}

# ---- completion ------------------------------------------------------------------

# completes WANTED WORD...: what bash offers for the last WORD
completes() (
	local wanted=$1
	shift
	# shellcheck source=../../completions/umcg.bash
	. completions/umcg.bash
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_umcg
	[ "${COMPREPLY[*]}" = "$wanted" ] || { echo "$*: ${COMPREPLY[*]}"; return 1; }
)

bash_completes() {
	completes "$(commands | paste -sd' ')" umcg '' &&
		completes "unload" umcg u &&
		completes "status" umcg --json st &&
		completes "" umcg check '' &&
		completes "--json" umcg check --j &&
		completes "--help --version" umcg load -- &&
		completes "--svg" umcg trace --check --sv &&
		completes "--policy --priority" umcg run --p &&
		completes "" umcg trace build/he
}

check one_version one_version
check dkms_takes_tested_kernels_only dkms_takes_tested_kernels_only
check dkms_wants_no_autoinstall_for_others dkms_wants_no_autoinstall_for_others
check dkms_wants_no_autoinstall_without_options dkms_wants_no_autoinstall_without_options
check dkms_asks_what_the_build_asks dkms_asks_what_the_build_asks
check dkms_sources_are_whole dkms_sources_are_whole
check debian_symbols_are_the_map debian_symbols_are_the_map
check every_function_has_its_page every_function_has_its_page
check device_page_has_every_call device_page_has_every_call
check device_page_has_every_error device_page_has_every_error
check command_page_has_everything command_page_has_everything
check completions_have_everything completions_have_everything
check sync_example_runs sync_example_runs
check bash_completes bash_completes

tap_end
