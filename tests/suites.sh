#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tests/suites.sh SUITE...
#
# In the guest: run build/tests/SUITE one after the other, for tests/check to read.
# Lines of ours begin with @; everything else is what the suites print.

suite_seconds=600
export CK_TAP_LOG_FILE_NAME=- CK_VERBOSITY=silent
# An emulated CPU beside another guest's is slow; only a hang should be taken for one.
export CK_TIMEOUT_MULTIPLIER=3

kmsg() {
	[ ! -w /dev/kmsg ] || echo "umcg check: $*" >/dev/kmsg
}

for suite; do
	kmsg "suite $suite"
	echo "@suite $suite"
	timeout -s KILL $suite_seconds "build/tests/$suite"
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
echo "@done"
