# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# zstd: the same bytes, and back again.

# shellcheck source=lib/inside.sh
. /umcg/tests/programs/lib/inside.sh

same_bytes() {
	zstd -q -6 -T4 -B512K -c "$tmp/data" >"$tmp/plain" && cmp "$tmp/plain" "$tmp/out"
}

back_again() {
	umcg run -- zstd -q -d -c "$tmp/plain" | cmp - "$tmp/data"
}

some_data 6000000 >"$tmp/data"
check runs under -- zstd -q -6 -T4 -B512K -c "$tmp/data"
check same_bytes same_bytes
is_scheduled
check back_again back_again
tap_end
