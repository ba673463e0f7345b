#!/usr/bin/env bash
# Builds a .deb with the release profile. Without this machine's own processor features, so that it runs
# on other computers: llama.cpp then uses AVX2, which x86-64 computers since about 2013 have.
. "$(dirname "$0")/common.sh"

"$root/scripts/prepare.sh"
cd "$root/src-tauri"
# An empty RUSTFLAGS takes the place of the flags in .cargo/config.toml.
RUSTFLAGS='' "$root/ui/node_modules/.bin/tauri" build --bundles deb
find "$target/release/bundle/deb" -maxdepth 1 -name '*.deb' -exec ls -l {} +
