# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # here: the directory of whoever reads this
#
# The parts of tests/vm, in the order in which they use each other.

# shellcheck source=lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=lib/apt.sh
. "$here/lib/apt.sh"
# shellcheck source=lib/image.sh
. "$here/lib/image.sh"
# shellcheck source=lib/kernel.sh
. "$here/lib/kernel.sh"
# shellcheck source=lib/root.sh
. "$here/lib/root.sh"
# shellcheck source=lib/guest.sh
. "$here/lib/guest.sh"
# shellcheck source=lib/log.sh
. "$here/lib/log.sh"
# shellcheck source=lib/qemu.sh
. "$here/lib/qemu.sh"
# shellcheck source=lib/vm.sh
. "$here/lib/vm.sh"
