#!/usr/bin/env bash
# Builds what changed and opens OpZest: run.sh [window|cli|demo]. Without a display the same product opens
# in the terminal. `demo` uses a fresh data folder that is deleted afterwards.
. "$(dirname "$0")/common.sh"

mode=${1:-window}
"$root/scripts/prepare.sh"
if [ ! -d "$target/debug" ]; then say "building OpZest; the first time takes about ten minutes"; fi
# Asks nobody when all crates are here.
(cd "$root" && cargo build --locked --workspace --bins) ||
    die "OpZest could not be built" "The compiler's messages are above."

if [ "$mode" = demo ]; then
    OPZEST_DATA=$(mktemp -d -t opzest-demo-XXXXXX)
    export OPZEST_DATA
    trap 'rm -rf "$OPZEST_DATA"' EXIT
    say "this is a demonstration: its data folder, $OPZEST_DATA, is deleted when it ends"
fi

open_terminal() { "$target/debug/opzest" chat; }

if [ "$mode" = cli ]; then
    open_terminal
elif [ "$(uname)" = Darwin ] || reason=$("$root/scripts/display.py"); then
    "$target/debug/opzest-desktop"
else
    say "no window can open here ($reason); starting the same assistant in this terminal"
    open_terminal
fi
