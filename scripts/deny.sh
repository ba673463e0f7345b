#!/usr/bin/env bash
# Checks the dependencies against deny.toml. Advisories only when their database is on this machine.
. "$(dirname "$0")/common.sh"
cd "$root"

cargo deny --version >/dev/null 2>&1 ||
    die "cargo-deny is not installed" "Install it with: cargo install cargo-deny --locked"

cargo deny --locked check bans licenses sources
if compgen -G "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs/*" >/dev/null; then
    cargo deny --locked check --disable-fetch advisories
else
    say "no advisory database on this machine, so advisories were not checked; fetch it with: cargo deny fetch db"
fi
