#!/usr/bin/env bash
# The window's cold start to its first usable frame, and the memory of all its processes when idle:
# bench-window.sh [RUNS]. Uses a display of its own (Xvfb) and a fresh data folder for each run.
. "$(dirname "$0")/common.sh"

runs=${1:-5}
idle_after=10
desktop=$target/debug/opzest-desktop
[ -x "$desktop" ] || die "$desktop is missing" "Build it with: cargo build --workspace --bins"

if [ -z "${OPZEST_BENCH_INSIDE:-}" ]; then
    export OPZEST_BENCH_INSIDE=1
    exec env -u WAYLAND_DISPLAY xvfb-run -a -s '-screen 0 1280x900x24' dbus-run-session -- "$0" "$@"
fi

# The process and all its descendants, one id per line.
family() {
    ps -e -o pid=,ppid= | awk -v top="$1" '
        { parent[$1] = $2 }
        END {
            for (id in parent) {
                above = id
                while (above != top && above in parent) above = parent[above]
                if (above == top) print id
            }
        }'
}

# Proportional set size: shared pages count once over all processes that share them. In kB.
memory_of() {
    local id
    for id in $(family "$1"); do
        awk -v id="$id" '/^Pss:/ { pss = $2 }
            END { getline name < ("/proc/" id "/comm"); printf "%d %s\n", pss, name }' \
            "/proc/$id/smaps_rollup" 2>/dev/null || true
    done
}

work=$(mktemp -d -t opzest-bench-XXXXXX)
app=''
cleanup() {
    if [ -n "$app" ]; then kill "$app" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap cleanup EXIT

times=()
for run in $(seq "$runs"); do
    log=$work/log-$run
    OPZEST_REPORT_START=1 OPZEST_DATA=$work/data-$run "$desktop" 2>"$log" >/dev/null &
    app=$!
    for _ in $(seq 300); do
        if grep -q 'first usable frame after' "$log"; then break; fi
        kill -0 "$app" 2>/dev/null || die "the window ended before it was usable" "$(tail -n 5 "$log")"
        sleep 0.1
    done
    took=$(sed -n 's/.*first usable frame after \([0-9]*\) ms.*/\1/p' "$log" | head -n 1)
    [ -n "$took" ] || die "the window was not usable after 30 s" "$(tail -n 5 "$log")"
    times+=("$took")
    if [ "$run" = "$runs" ]; then
        sleep $idle_after
        memory_of "$app" | sort -rn >"$work/memory"
    fi
    kill "$app"
    wait "$app" 2>/dev/null || true
    app=''
done

printf 'window: first usable frame after'
printf ' %s' "${times[@]}"
printf ' ms; median %s ms\n' "$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((runs + 1) / 2))p")"
awk -v after=$idle_after '
    { sum += $1; parts = parts sprintf("%s %s %.0f", NR > 1 ? "," : "", $2, $1 / 1024) }
    END { printf "window: %.0f MB (PSS) in %d processes, idle for %d s:%s\n", sum / 1024, NR, after, parts }' "$work/memory"
