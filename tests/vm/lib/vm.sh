# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # the settings are globals of tests/vm/run
#
# One virtual machine's life: start it, watch it, end it, judge it.

now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t%[.,]*} * 1000 + 10#${t#*[.,]} / 1000))
}

seconds() {
	printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100))
}

# vm_private_dir: a directory for one machine. One that a killed run left behind
# is removed: its name holds the process.
vm_private_dir() {
	local d pid
	for d in "${TMPDIR:-/tmp}"/umcg-vm.*; do
		pid=${d#*/umcg-vm.}
		[ -O "$d" ] && ! kill -0 "${pid%%.*}" 2>/dev/null && rm -rf "$d"
	done
	mktemp -d "${TMPDIR:-/tmp}/umcg-vm.$$.XXXXXX"
}

# vm_show: one stream of the command, as it comes.
vm_show() {
	if [ -n "$prefix" ]; then
		sed -u "s|^|$prefix|"
	else
		exec cat
	fi
}

# vm_start: everything that happens to the guest arrives as a line on one pipe:
# what init reports, the words in the kernel log which matter at once, and the end
# of QEMU (which closes the ports).
vm_start() {
	local fifo line
	for fifo in console out err report events monitor.in monitor.out; do
		mkfifo "$tmp/$fifo"
	done
	exec {events}<>"$tmp/events"
	{
		# -p: what comes behind the last word grep wanted is wanted, too
		tee -p "$tmp/log" <"$tmp/console" | grep -a -o --line-buffered \
			-e 'Kernel panic - not syncing' -e 'end Kernel panic' \
			-e 'umcg-vm: end of the kernel log' >"$tmp/events"
	} &
	readers=($!)
	{
		while IFS= read -r line; do
			printf '%s\n' "$line"
		done <"$tmp/report"
		echo gone
	} >"$tmp/events" &
	readers+=($!)
	[ -n "$terminal" ] || { vm_show <"$tmp/out" & readers+=($!); }
	vm_show <"$tmp/err" >&2 &
	readers+=($!)
	# A child of this process and of no subshell: whatever ends this process, be
	# it SIGKILL, ends QEMU.
	setpriv --pdeathsig KILL "${machine[@]}" <&3 2>"$tmp/qemu" {events}<&- &
	qemu_pid=$!
}

# vm_watch: wait for the end, whichever it is; sets verdict, status, ready, why.
# Once the end is known it may take a few seconds more, for the log to arrive.
vm_watch() {
	local line end=$((start + timeout * 1000)) left known='' logged=''
	verdict=timeout status=$EX_TIMEOUT
	while left=$((end - $(now_ms))) && [ "$left" -gt 0 ]; do
		IFS= read -r -t "$(printf '%d.%03d' $((left / 1000)) $((left % 1000)))" \
			-u "$events" line || break
		case $line in
		ready\ *) ready=$(($(now_ms) - start)) ;;
		exit\ *) known=yes verdict=exit status=${line#exit } ;;
		fail\ *) verdict=fail status=$EX_SETUP why=${line#fail }; return ;;
		*'end of the kernel log') logged=yes ;;
		*'not syncing') known=yes verdict=panic status=$EX_PANIC ;;
		*'end Kernel panic') return ;;
		gone)
			[ -n "$known" ] || { verdict=lost status=$EX_LOST; }
			return
			;;
		esac
		[ -z "$known" ] || end=$(($(now_ms) + 5000))
		[ "$known$logged" != yesyes ] || return
	done
}

# vm_ask_why: a guest which hangs may still answer its keyboard: what runs on each
# processor, and what every thread waits in. Into the log, behind line $hung.
vm_ask_why() {
	local key
	hung=$(wc -l <"$tmp/log")
	for key in l t; do
		printf 'sendkey alt-sysrq-%s\n' "$key"
		sleep 0.5
	done 1<>"$tmp/monitor.in"
	sleep 2
}

vm_stop() {
	[ -n "$qemu_pid" ] || return 0
	kill "$qemu_pid" 2>/dev/null
	wait "$qemu_pid" 2>/dev/null
	qemu_status=$?
	qemu_pid=
	wait "${readers[@]}" 2>/dev/null
	exec {events}<&-
}

# vm_tell: what happened, in words, when it was not an exit.
vm_tell() {
	case $verdict in
	timeout)
		say "timeout: the guest has not finished after $timeout s and was ended"
		log_show "the end of the kernel log" "$tmp/log" $((hung - 30)) "$hung"
		say "where it hangs (all of it: --log FILE):"
		log_hang "$tmp/log" $((hung + 1)) ;;
	panic)
		say "the kernel panicked"
		log_show "the kernel log from there" "$tmp/log" \
			$((${bad%%:*} - 5)) $((${bad%%:*} + 100)) ;;
	fail)
		say "the guest could not be set up: $why"
		log_show "the end of the kernel log" "$tmp/log" -30 ;;
	lost)
		say "the guest ended without a word (QEMU's status $qemu_status)"
		cat "$tmp/qemu" >&2
		log_show "the end of the kernel log" "$tmp/log" -30 ;;
	esac
}

# vm_judge: the log has the last word; sets status.
vm_judge() {
	local bad
	bad=$(head -n "${hung:--0}" "$tmp/log" | log_violations "${allow[@]}")
	vm_tell
	[ -n "$bad" ] && [ "$verdict" != panic ] || return 0
	say "the kernel log has what it must not have:"
	head -n 20 <<<"$bad" | sed 's/^/  | /' | tr -d '\r' >&2
	log_show "around the first" "$tmp/log" $((${bad%%:*} - 5)) $((${bad%%:*} + 35))
	if [ "$verdict" = exit ]; then
		[ "$status" -eq 0 ] || say "(and the command's status was $status)"
		status=$EX_LOG
	fi
}
