#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tests/suites.sh SUITE...
#
# In the guest: run build/tests/SUITE one after the other, for tests/check to read.
# Lines of ours begin with @; everything else is what the suites print.

# An emulated CPU beside another guest's is slow; only a hang should be taken for one.
seconds=600
patience=3
# A kernel that checks itself is slower again: everything gets more time, and what
# is wrapped in fewer() is less.
UMCG_SLOW=1
case $(uname -r) in
*-umcg-*) UMCG_SLOW=5 ;;
esac
seconds=$((seconds * UMCG_SLOW))
export UMCG_SLOW CK_TIMEOUT_MULTIPLIER=$((patience * UMCG_SLOW))
export CK_TAP_LOG_FILE_NAME=- CK_VERBOSITY=silent
# A function that a worker calls first is not looked up in pages it may have to wait for.
export LD_BIND_NOW=1

kmsg() {
	[ ! -w /dev/kmsg ] || echo "umcg check: $*" >/dev/kmsg
}

for suite; do
	kmsg "suite $suite"
	echo "@suite $suite"
	timeout -s KILL $seconds "build/tests/$suite"
	echo "@end $?"
done

# Whatever the suites did, nothing may hold on to the module.
if [ -d /sys/module/umcg ]; then
	kmsg "rmmod"
	echo "@suite rmmod"
	tries=20
	until error=$(rmmod umcg 2>&1); do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || break
		sleep 0.5
	done
	if [ -d /sys/module/umcg ]; then
		echo "not ok 1 - nobody_is_left: $error, refcnt $(cat /sys/module/umcg/refcnt)"
	else
		echo "ok 1 - nobody_is_left"
	fi
	echo "1..1"
	echo "@end 0"
fi

# The first scan only remembers what nobody points at; the second tells what has
# not changed since, and is older than five seconds.
leaks=/sys/kernel/debug/kmemleak
if [ -w $leaks ]; then
	kmsg "kmemleak"
	echo "@suite kmemleak"
	echo scan >$leaks
	sleep 6
	echo scan >$leaks
	sed 's/^/# /' $leaks
	if [ -z "$(head -n 1 $leaks)" ]; then
		echo "ok 1 - nothing_is_lost"
	else
		echo "not ok 1 - nothing_is_lost: see above"
	fi
	echo "1..1"
	echo "@end 0"
fi

# How often each line of the module ran, for tests/coverage.
counts=/sys/kernel/debug/gcov
if [ -d $counts ]; then
	find $counts -path '*/module/*.gcda' | while read -r file; do
		echo "@gcov $(uname -r) ${file##*/} $(base64 -w 0 "$file")"
	done
fi
echo "@done"
