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
    local spec result=0
    for spec in ui/e2e/*.spec.mjs; do
        OPZEST_DEVHOST=$target/debug/opzest-devhost twice "$spec" timeout --kill-after=10 900 \
            node --test --test-reporter=spec --test-concurrency=1 "$spec" || result=$?
    done
    return $result
}

part_window() {
    build_binaries --examples || return 1
    local result=0
    twice window.mjs on_a_screen ui/e2e/window.mjs || result=$?
    twice window-session.mjs on_a_screen ui/e2e/window-session.mjs || result=$?
    twice preview_window.py timeout --kill-after=10 900 scripts/preview_window.py "$target/debug/examples/preview_probe" || result=$?
    return $result
}

# twice NAME COMMAND...: a browser or a desktop that stalls for seconds is not our fault, so it gets one more try,
# which the table of results names.
twice() {
    local name=$1
    shift
    "$@" && return 0
    say "$name failed; trying it once more"
    "$@" || return 1
    echo "$name" >>"$logs/second-try"
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

# What each part printed, to end with what failed.
logs=$(mktemp -d -t opzest-test-XXXXXX)
trap 'rm -rf "$logs"' EXIT

# Inside a condition `set -e` means nothing, so the parts above say `|| return 1` themselves.
run_part() {
    local name=$1 start=$SECONDS outcome retried=''
    shift
    printf '\n== %s\n' "$name"
    rm -f "$logs/second-try"
    if "$@" 2>&1 | tee "$logs/$name"; then
        outcome=passed
        passed=$((passed + 1))
        rm "$logs/$name"
    else
        outcome=FAILED
        failed=$((failed + 1))
    fi
    if [ -f "$logs/second-try" ]; then retried=" (second try: $(paste -s -d ' ' "$logs/second-try"))"; fi
    table+=$(printf '%-10s %-8s %4d s%s' "$name" "$outcome" $((SECONDS - start)) "$retried")$'\n'
    [ "$outcome" = passed ]
}

# The tests that failed, by the lines their runners mark them with; without such a line, the part's last lines.
what_failed() {
    local name marks='^✖ failing tests|^test at |^(FAIL|ERROR):|^error|panicked at'
    for name in prepare "${parts[@]}"; do
        [ -f "$logs/$name" ] || continue
        printf '\n== what failed in %s\n' "$name"
        if grep -q -E "$marks" "$logs/$name"; then
            grep -m 40 -A 12 -E "$marks" "$logs/$name" | tail -n 60
        else
            tail -n 20 "$logs/$name"
        fi
    done
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

what_failed
printf '\n%s\n%d passed, %d failed\n' "$table" "$passed" "$failed"
[ "$failed" -eq 0 ]
