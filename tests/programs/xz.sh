# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# xz: the same bytes, and back again.

# shellcheck source=lib/inside.sh
. /umcg/tests/programs/lib/inside.sh

same_bytes() {
	xz -2 -T 4 --block-size=512KiB -c "$tmp/data" >"$tmp/plain" && cmp "$tmp/plain" "$tmp/out"
}

back_again() {
	umcg run -- xz -T 4 -d -c "$tmp/plain" | cmp - "$tmp/data"
}

some_data 6000000 >"$tmp/data"
check runs under -- xz -2 -T 4 --block-size=512KiB -c "$tmp/data"
check same_bytes same_bytes
is_scheduled
check back_again back_again
tap_end
