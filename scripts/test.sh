#!/usr/bin/env bash
# Runs the tests: test.sh [PART...], all parts when none is named. Every part runs, whatever failed before
# it; a table and `N passed, N failed` close the run, and the exit code tells whether anything failed.
. "$(dirname "$0")/common.sh"
cd "$root"

parts_all=(scripts format lint rust ui-check ui-units browser window private)

# Two OpenMP threads of llama.cpp collapse on a small busy machine; tests use one.
export OPZEST_THREADS=${OPZEST_THREADS:-1}

part_scripts() {
    shellcheck -x -P SCRIPTDIR scripts/*.sh scripts/peers/*.sh .ci/run || return 1
    python3 -m unittest discover -s scripts/tests
}

part_format() { cargo fmt --all --check; }

part_lint() { cargo clippy --locked --workspace --all-targets -- -D warnings; }

part_rust() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked --workspace --no-fail-fast
    else
        say "cargo-nextest is not installed; using cargo test (cargo install cargo-nextest --locked)"
        cargo test --locked --workspace --no-fail-fast --lib --bins --tests --examples
    fi
}

part_ui-check() { npm --prefix ui run --silent check; }

part_ui-units() { npm --prefix ui run --silent test; }

# The binaries as a user gets them.
build_binaries() { cargo build --quiet --locked --workspace --bins "$@"; }

part_browser() {
    build_binaries || return 1
    OPZEST_DEVHOST=$target/debug/opzest-devhost timeout --kill-after=10 1200 npm --prefix ui run --silent e2e
}

part_window() {
    build_binaries --examples || return 1
    local result=0
    on_a_screen ui/e2e/window.mjs || result=$?
    on_a_screen ui/e2e/window-session.mjs || result=$?
    timeout --kill-after=10 900 scripts/preview_window.py "$target/debug/examples/preview_probe" || result=$?
    return $result
}

# A session bus, a display and a data folder of its own, so that it neither needs nor touches the user's.
on_a_screen() {
    local data result=0
    data=$(mktemp -d -t opzest-window-XXXXXX)
    mkdir -m 700 "$data/runtime"
    env -u WAYLAND_DISPLAY XDG_RUNTIME_DIR="$data/runtime" \
        OPZEST_DESKTOP="$target/debug/opzest-desktop" OPZEST_DATA="$data/data" \
        timeout --kill-after=10 900 xvfb-run -a -s '-screen 0 1280x900x24' \
        dbus-run-session -- node "$@" || result=$?
    rm -rf "$data"
    return $result
}

# The window as shipped: no network, no development host, no browser driver.
part_private() {
    build_binaries || return 1
    timeout --kill-after=10 900 scripts/private_window.py "$target/debug/opzest-desktop"
}

parts=("$@")
if [ ${#parts[@]} -eq 0 ]; then parts=("${parts_all[@]}"); fi
for part in "${parts[@]}"; do
    declare -F "part_$part" >/dev/null || die "there is no test part \`$part\`" "Parts: ${parts_all[*]}"
done

passed=0
failed=0
table=''

# Inside a condition `set -e` means nothing, so the parts above say `|| return 1` themselves.
run_part() {
    local name=$1 start=$SECONDS outcome
    shift
    printf '\n== %s\n' "$name"
    if "$@"; then
        outcome=passed
        passed=$((passed + 1))
    else
        outcome=FAILED
        failed=$((failed + 1))
    fi
    table+=$(printf '%-10s %-8s %4d s' "$name" "$outcome" $((SECONDS - start)))$'\n'
    [ "$outcome" = passed ]
}

not_run() {
    failed=$((failed + 1))
    table+=$(printf '%-10s %-8s (not run: prepare failed)' "$1" FAILED)$'\n'
}

if run_part prepare scripts/prepare.sh test; then
    for part in "${parts[@]}"; do run_part "$part" "part_$part" || true; done
else
    for part in "${parts[@]}"; do not_run "$part"; done
fi

printf '\n%s\n%d passed, %d failed\n' "$table" "$passed" "$failed"
[ "$failed" -eq 0 ]
