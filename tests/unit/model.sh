#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The model of the module, all but its long scenarios.

exec "$(dirname "$0")/../model/run" --mutations
