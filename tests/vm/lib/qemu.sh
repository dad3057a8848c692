# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
# shellcheck disable=SC2054 # QEMU's options have commas
#
# The virtual machine's shape: the array `machine`.
#
# Multi-threaded TCG of QEMU 7.2 breaks live text patching about once in thirty
# boots (an "int3" Oops at a jump label), and this project patches text for a
# living. One thread for all CPUs is not slower on two cores and never did that.
# Five levels of page tables, which few machines have, make each of its misses dearer.
# With icount a guest's nanosecond is one instruction, and with these seeds two
# runs of the same guest are the same to the bit.

qemu='qemu-system-x86_64'

# qemu_machine ACCEL SMP MEM ICOUNT
qemu_machine() {
	machine=("$qemu" -nodefaults -no-user-config -display none -no-reboot
		-machine pc -smp "$2" -m "$3")
	case $1 in
	kvm) machine+=(-accel kvm -cpu host) ;;
	*) machine+=(-accel tcg,thread=single -cpu "max,la57=off") ;;
	esac
	[ -z "$4" ] || machine+=(-icount shift=0,sleep=off -seed 1
		-rtc base=2022-01-01,clock=vm)
}

# qemu_ports DIR TERMINAL: the four serial ports, see init.c, and the monitor.
# COM3 and COM4 get interrupts of their own: those they share by tradition do not
# work shared in QEMU.
qemu_ports() {
	local n=0 name iobase=(0x3f8 0x2f8 0x3e8 0x2e8) irq=(4 3 5 7)
	for name in console out err report; do
		if [ "$name" = out ] && [ -n "$2" ]; then
			machine+=(-chardev "stdio,id=$name,signal=off")
		else
			machine+=(-chardev "file,id=$name,path=$1/$name")
		fi
		machine+=(-device "isa-serial,chardev=$name,index=$n,iobase=${iobase[n]},irq=${irq[n]}")
		n=$((n + 1))
	done
	machine+=(-chardev "pipe,id=monitor,path=$1/monitor" -mon chardev=monitor)
}

# qemu_disk IMAGE
qemu_disk() {
	machine+=(-drive "file=${1//,/,,},format=raw,if=none,id=disk,cache=unsafe"
		-device virtio-blk-pci,drive=disk)
}

# kernel_arguments ICOUNT: the guest's command line. The log goes out whole,
# whatever level somebody sets; what cannot go on ends at once, for -no-reboot
# turns the reboot of a panic into the end of QEMU.
kernel_arguments() {
	printf '%s ' console=ttyS0,115200 ignore_loglevel printk.devkmsg=on \
		panic=-1 oops=panic tsc=reliable
	[ -z "$1" ] || printf '%s ' nokaslr norandmaps \
		randomize_kstack_offset=off mitigations=off
}

# kvm_works KERNEL: has this machine, since it was booted, booted a stock kernel
# under KVM? A /dev/kvm that opens is no proof.
kvm_works() {
	local verdict
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return
	verdict=$cache/kvm/$({
		cat /proc/sys/kernel/random/boot_id
		"$qemu" --version
	} | sha256sum | cut -c1-16)
	[ -e "$verdict" ] || locked kvm kvm_try_now "$1" "$verdict"
	[ "$(<"$verdict")" = yes ]
}

kvm_try_now() {
	local answer=no
	[ ! -e "$2" ] || return 0
	say "trying, once on this machine, whether KVM boots a stock kernel"
	! "$vm_dir/run" --accel kvm --no-module --kernel "$1" --timeout 10 \
		-- true >/dev/null 2>&1 </dev/null || answer=yes
	say "KVM: $answer"
	mkdir -p "${2%/*}"
	echo "$answer" >"$2.new"
	mv "$2.new" "$2"
}
