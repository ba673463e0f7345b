#!/usr/bin/env bash
# Says exactly what is missing or too old among cargo, Node and Python; installs nothing.
. "$(dirname "$0")/common.sh"

wanted_rust=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
have cargo || die "cargo is not installed; OpZest is written in Rust" \
    "Install Rust $wanted_rust or newer with rustup (https://rustup.rs), then open a new terminal."
# With rustup this fetches the toolchain of rust-toolchain.toml on its first use.
rust=$(cd "$root" && cargo --version) || die "cargo does not start" "Its message is above."
rust=$(awk '{print $2}' <<<"$rust")
at_least "$rust" "$wanted_rust" || die "Rust $rust is too old; OpZest needs $wanted_rust or newer" \
    "Update it with: rustup update"

node_hint='Install Node 22 or newer from https://nodejs.org, or with nvm, fnm or Volta.'
have node || die "Node is not installed; the window's interface is built with it" "$node_hint"
node=$(node --version)
node=${node#v}
# What Vite supports: 20.19 and later 20s, and 22.12 or newer; not 21.
if ! at_least "$node" 20.19 || { at_least "$node" 21 && ! at_least "$node" 22.12; }; then
    die "Node $node is not supported; OpZest needs 20.19 or a later 20, or 22.12 or newer" "$node_hint" \
        "(Debian 12's own package is Node 18.)"
fi
have npm || die "npm is not installed, although Node $node is" "$node_hint"

have python3 || die "python3 is not installed; the embedded model is fetched with it" \
    "Debian, Ubuntu: sudo apt-get install python3 python3-pip"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' ||
    die "$(python3 --version) is too old; OpZest's scripts need 3.8 or newer"
