#!/usr/bin/env bash
# All that a build needs besides cargo's own work: prepare.sh [test]. A second run checks and returns.
. "$(dirname "$0")/common.sh"

"$root/scripts/toolchain.sh"
"$root/scripts/system-packages.sh" build "$@"
"$root/scripts/model.py"
"$root/scripts/node-packages.sh"
"$root/scripts/ui-build.sh"
