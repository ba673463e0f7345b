#!/usr/bin/env bash
# Measures this machine: the model's speed and memory, a store of 100,000 examples, the window's start and memory.
. "$(dirname "$0")/common.sh"
cd "$root"

scripts/prepare.sh test
# The whole workspace, so that nothing is compiled again with other features.
cargo build --quiet --locked --workspace --bins --examples
"$target/debug/examples/bench"
"$target/debug/examples/store_bench"
scripts/bench-window.sh
