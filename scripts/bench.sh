#!/usr/bin/env bash
# Measures this machine: the model's speed and memory, then the window's start and memory.
. "$(dirname "$0")/common.sh"
cd "$root"

scripts/prepare.sh test
# The whole workspace, so that nothing is compiled again with other features.
cargo build --quiet --locked --workspace --bins --examples
"$target/debug/examples/bench"
scripts/bench-window.sh
