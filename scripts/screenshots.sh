#!/usr/bin/env bash
# Takes the pictures in docs/images anew, from the real interface and backend.
. "$(dirname "$0")/common.sh"
cd "$root"

scripts/prepare.sh test
cargo build --quiet --locked --workspace --bins
mkdir -p docs/images
OPZEST_THREADS=${OPZEST_THREADS:-1} OPZEST_DEVHOST=$target/debug/opzest-devhost npm --prefix ui run --silent screenshots
