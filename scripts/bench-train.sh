#!/usr/bin/env bash
# Measures training on this processor beside PyTorch + PEFT: bench-train.sh [ROUNDS [THREADS]]. About half an hour, and some
# gigabytes of peers the first time. It needs an idle machine, or THREADS = 1: see bench_train.py.
. "$(dirname "$0")/common.sh"
cd "$root"

cache=${OPZEST_CACHE:-$HOME/.cache/opzest-ci}
# OPZEST_PEERS: a Python that has the peers already.
python=${OPZEST_PEERS:-$(scripts/peers/environment.sh scripts/peers/requirements.txt)}
scripts/model.py
# For every x86-64 or ARM computer, as a package for others is built: the kernels have to find the fast instructions
# themselves, and --isa avx2 must not profit from AVX-512 that the compiler puts in.
RUSTFLAGS=' ' CARGO_TARGET_DIR=$target/any-processor \
    cargo build --quiet --locked -p opzest-dorpo --example train_speed
say "load: $(cat /proc/loadavg)"
"$python" scripts/peers/bench_train.py "$target/any-processor/debug/examples/train_speed" \
    models/SmolLM2-135M-Instruct.Q4_1.gguf "$cache" "${1:-3}" "${2:-2}"
