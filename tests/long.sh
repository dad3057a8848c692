#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tests/long.sh SECONDS SUITE...
#
# In the guest: the suites, one after the other, again and again, for tests/check-long
# to read. None is begun when the time is over. Lines of ours begin with @.

now() {
	read -r seconds _ </proc/uptime
	echo "${seconds%.*}"
}

end=$(($(now) + $1))
shift
export CK_TIMEOUT_MULTIPLIER=6 CK_TAP_LOG_FILE_NAME=- CK_VERBOSITY=silent LD_BIND_NOW=1
while [ "$(now)" -lt $end ]; do
	for suite; do
		[ "$(now)" -lt $end ] || break
		echo "@suite $suite"
		timeout -s KILL 1200 "build/tests/$suite"
		echo "@end $?"
	done
done
if [ -d /sys/module/umcg ]; then
	rmmod umcg || exit
fi
echo "@done"
