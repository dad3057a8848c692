# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# The kernel without its wrapper. Under an emulator the decompressor is what the
# boot waits for (6 s of 10 with 6.1's xz), and it does the same to the same bytes
# every time. So it is done once, here; QEMU starts the result at its PVH entry.
# What is lost is KASLR, which the decompressor does.

# le SIZE OFFSET FILE: a number of the bzImage header.
le() {
	od -An "-tu$1" "-j$2" "-N$1" "$3" | tr -d ' '
}

# image_payload BZIMAGE: the compressed kernel. Its last four bytes are its size.
image_payload() {
	local setup offset length
	setup=$(le 1 $((0x1f1)) "$1")
	offset=$(le 4 $((0x248)) "$1")
	length=$(le 4 $((0x24c)) "$1")
	tail -c +$(((setup + 1) * 512 + offset + 1)) "$1" | head -c $((length - 4))
}

# image_unwrap BZIMAGE TO: 1 if it is packed in a way not known here; then the
# image is booted as it is.
image_unwrap() {
	local unpack
	case $(image_payload "$1" | od -An -tx1 -N4) in
	' 28 b5 2f fd') unpack='zstd -dcq' ;;
	' fd 37 7a 58') unpack='xz -dc' ;;
	' 1f 8b'*) unpack='gzip -dc' ;;
	*) return 1 ;;
	esac
	# shellcheck disable=SC2086 # two words
	image_payload "$1" | $unpack >"$2"
	image_has_pvh "$2" && return
	rm -f "$2"
	return 1
}

# image_has_pvh ELF: Xen's note 18 holds the entry.
image_has_pvh() {
	readelf -n "$1" 2>/dev/null | grep -q 'type: (0x00000012)'
}

# image_of KERNEL: the file to boot.
image_of() {
	if [ -e "$1/vmlinux" ] && image_has_pvh "$1/vmlinux"; then
		echo "$1/vmlinux"
	else
		echo "$1/vmlinuz"
	fi
}
