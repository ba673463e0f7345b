#!/usr/bin/env bash
# Measures this machine: the model's speed and memory, then the window's start and memory.
. "$(dirname "$0")/common.sh"
cd "$root"

scripts/prepare.sh test
cargo run --quiet --locked -p opzest-llm --example bench
cargo build --quiet --locked --workspace --bins
scripts/bench-window.sh
