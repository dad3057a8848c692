# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The virtual machine's shape.
#
# Multi-threaded TCG of QEMU 7.2 breaks live text patching about once in thirty
# boots (an "int3" Oops at a jump label), and this project patches text for a
# living. One thread for all CPUs is not slower on two cores and never did that.
# With icount a guest's nanosecond is one instruction, and with these seeds two
# runs of the same guest are the same to the bit.

qemu=qemu-system-x86_64

# qemu_machine ACCEL SMP MEM ICOUNT: sets the array `machine`.
qemu_machine() {
	machine=("$qemu" -nodefaults -no-user-config -display none -no-reboot
		-machine pc -smp "$2" -m "$3")
	case $1 in
	kvm) machine+=(-accel kvm -cpu host) ;;
	*) machine+=(-accel tcg,thread=single -cpu max) ;;
	esac
	[ -z "$4" ] || machine+=(-icount shift=0,sleep=off -seed 1
		-rtc base=2022-01-01,clock=vm)
}

# qemu_ports DIR TERMINAL: adds the four serial ports, see init.c. The third and
# fourth get interrupts of their own: what ISA gives them is shared and does not
# work shared.
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

# kvm_works KERNEL: has this machine, since it was booted, booted that kernel
# under KVM? A /dev/kvm that opens is no proof.
kvm_works() {
	local key verdict
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return
	key="$(cat /proc/sys/kernel/random/boot_id) $("$qemu" --version | head -n1) $1"
	key=$(sha256sum <<<"$key" | cut -c1-16)
	verdict=$cache/kvm/$key
	if [ ! -e "$verdict" ]; then
		mkdir -p "$cache/kvm"
		say "trying once whether KVM can boot $(<"$1/release") here"
		if "$vm_dir/run" --accel kvm --no-module --kernel "$1" --timeout 20 \
			-- true >/dev/null 2>&1 </dev/null; then
			echo yes
		else
			echo no
		fi >"$verdict.new.$$"
		mv "$verdict.new.$$" "$verdict"
		say "KVM: $(<"$verdict")"
	fi
	[ "$(<"$verdict")" = yes ]
}
