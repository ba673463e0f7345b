# shellcheck shell=bash
# What every script here starts with: strict mode, the repository's root, and how to speak.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-target}
case $target in
/*) ;;
*) target=$root/$target ;;
esac

say() { printf 'opzest: %s\n' "$*" >&2; }

# die WHAT [HINT]...: what failed, then what to do about it, one line each.
die() {
    say "error: $1"
    shift
    for hint in "$@"; do printf '        %s\n' "$hint" >&2; done
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least VERSION WANTED: dotted numbers, compared part by part.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
