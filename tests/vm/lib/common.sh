# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What every script in tests/vm/ shares: messages, the cache, its locks, root.

# Exit statuses that are ours, not the command's. `run --help` lists them.
# shellcheck disable=SC2034 # used by the scripts which source this file
{
	EX_USAGE=2
	EX_SETUP=69
	EX_LOG=70
	EX_PANIC=71
	EX_LOST=72
	EX_TIMEOUT=124
}

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
repo=$(cd "$vm_dir/../.." && pwd)
# shellcheck disable=SC2034
build_dir=$repo/build
cache=${UMCG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/umcg}

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die STATUS MESSAGE...: the message says what to do, not only what is wrong.
die() {
	local status=$1
	shift
	say "$*"
	exit "$status"
}

usage_error() {
	die "$EX_USAGE" "$*
Try '$0 --help'."
}

# lacks PROGRAM...: prints which of them are not there; 0 if any.
lacks() {
	local p
	for p; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$p" >/dev/null || echo "$p"
	done | grep .
}

# need PROGRAM...: on a fresh machine, let `prepare` install what is missing.
need() {
	local missing
	missing=$(lacks "$@" | paste -sd' ')
	[ -n "$missing" ] || return 0
	say "not installed: $missing"
	"$vm_dir/prepare" none >&2 </dev/null || exit "$EX_SETUP"
	missing=$(lacks "$@" | paste -sd' ')
	[ -z "$missing" ] || die "$EX_SETUP" "still not there: $missing. Install it by hand" \
		"(the packages are listed in $vm_dir/packages)."
}

# locked NAME COMMAND...: run COMMAND alone among all runs which share the
# cache. In a subshell, so that no child outliving us can hold on to the lock:
# a daemon started by COMMAND would have to inherit fd 9, which COMMAND closes.
locked() (
	mkdir -p "$cache/lock"
	exec 9>"$cache/lock/$1"
	if ! flock -n 9; then
		say "waiting: another run is busy with '$1'"
		flock 9
	fi
	shift
	"$@"
)

# fresh_dir PARENT: a new empty directory beside its final place, so that the
# mv which publishes it is a rename. What an earlier killed run left is removed:
# the caller holds the lock, so nobody else can be using it.
fresh_dir() {
	mkdir -p "$1"
	rm -rf "$1"/.new.*
	mktemp -d "$1/.new.XXXXXX"
}

# as_root WHY COMMAND...: COMMAND as root, asking only when it must.
as_root() {
	local why=$1
	shift
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
		return
	fi
	command -v sudo >/dev/null ||
		die "$EX_SETUP" "$why needs root, and there is no sudo here. Run as root: $*"
	say "$why needs root: sudo $1 ..."
	sudo -- "$@"
}
