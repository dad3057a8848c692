# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# Boots a root as a machine would: its own kernel, initrd, systemd and udev.

# boot_unit ROOT SCRIPT: SCRIPT is run, by root, when all that a boot starts has been;
# what it says goes to the second serial port, its status last.
boot_unit() {
	printf '%s\n' "$2" >"$1/root/booted"
	cat >"$1/etc/systemd/system/booted.service" <<-'EOF'
		[Unit]
		After=multi-user.target
		[Service]
		Type=oneshot
		StandardOutput=file:/dev/ttyS1
		StandardError=inherit
		ExecStart=-/bin/sh -c 'sh -e /root/booted; echo "@status $?"'
		ExecStart=systemctl --force --force poweroff
	EOF
	printf '%s\n' '[Unit]' 'Requires=multi-user.target booted.service' \
		'After=multi-user.target' >"$1/etc/systemd/system/booted.target"
}

# boot_disk ROOT SCRIPT IMAGE: of a copy; what is needed to build, and what apt keeps,
# stays at home. Without a journal: so what the script has synced can be taken from it.
boot_disk() {
	mkdir "$3.root" &&
		tar -c -C "$1" --exclude=./usr/src/linux-* --exclude=./var/cache/apt \
			--exclude=./var/lib/apt --exclude=./debs --exclude=./usr/share/doc \
			--exclude=./usr/share/locale . |
		tar -x --numeric-owner -C "$3.root" && boot_unit "$3.root" "$2" &&
		PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -O ^has_journal -b 4096 -d "$3.root" \
			"$3" "$(($(du -sm "$3.root" | cut -f1) * 5 / 4 + 128))M" &&
		rm -rf "$3.root"
}

# What a machine does at its boot that has nothing to do with this, and takes an
# emulated processor half a minute.
boot_masked=(apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
	e2scrub_reap.service systemd-journal-flush.service systemd-update-utmp.service
	systemd-timesyncd.service systemd-logind.service systemd-hwdb-update.service
	modprobe@dm_mod.service modprobe@efi_pstore.service modprobe@fuse.service
	modprobe@loop.service modprobe@drm.service serial-getty@ttyS0.service
	getty@tty1.service)

# boot ROOT RELEASE SCRIPT: 0 if SCRIPT was run there, with status 0, and the kernel's
# log is clean.
boot() {
	local root=$1 release=$2 dir=$tmp/boot machine bad status=0
	rm -rf "$dir" && mkdir "$dir" || return
	boot_disk "$root" "$3" "$dir/disk" || return
	qemu_machine tcg 2 1024 ''
	machine+=(-serial "file:$dir/console" -serial "file:$dir/out")
	qemu_disk "$dir/disk"
	machine+=(-kernel "$root/boot/vmlinuz-$release" -initrd "$root/boot/initrd.img-$release"
		-append "$(kernel_arguments '')root=/dev/vda rw systemd.unit=booted.target \
			systemd.show_status=no systemd.log_level=err \
			$(printf 'systemd.mask=%s ' "${boot_masked[@]}")")
	timeout 1200 setpriv --pdeathsig KILL "${machine[@]}" </dev/null || status=$?
	tr -d '\r' <"$dir/out"
	bad=$(log_violations <"$dir/console") && { echo "$bad"; return 1; }
	[ "$status" -eq 0 ] && tr -d '\r' <"$dir/out" | grep -qx '@status 0' && return
	tail -n 30 "$dir/console"
	return 1
}

# from_disk FILE TO: what the machine that was booted last has left there.
from_disk() {
	PATH=$PATH:/sbin:/usr/sbin debugfs -R "dump $1 $2" "$tmp/boot/disk" && [ -s "$2" ]
}
