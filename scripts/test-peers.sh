#!/usr/bin/env bash
# Compares OpZest's log-probabilities and exported adapters with independent implementations. Not part of `make test`: the first run
# builds llama-cpp-python (about ten minutes) and downloads some gigabytes of PyTorch.
. "$(dirname "$0")/common.sh"
cd "$root"

requirements=scripts/peers/requirements.txt
python=$(scripts/peers/environment.sh "$requirements")
scripts/prepare.sh
cargo build --quiet --locked --workspace --bins --examples

work=$(mktemp -d -t opzest-peers-XXXXXX)
server=''
cleanup() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap cleanup EXIT

free_port() { python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

start_server() {
    port=$(free_port)
    "$python" -m llama_cpp.server --host 127.0.0.1 --port "$port" --model "$model" --n_ctx 2048 \
        --logits_all true --flash_attn false --n_threads 1 --n_threads_batch 1 >"$work/server.log" 2>&1 &
    server=$!
    for _ in $(seq 120); do
        if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/v1/models"; then return; fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.5
    done
    die "the llama_cpp.server did not start" "$(tail -n 20 "$work/server.log")"
}

passed=0
failed=0
check() {
    printf '\n== %s\n' "$1"
    shift
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

model=$root/models/SmolLM2-135M-Instruct.Q4_1.gguf
export OPZEST_THREADS=${OPZEST_THREADS:-1}

start_server
check 'remote client against llama_cpp.server' \
    env OPZEST_PEER_URL="http://127.0.0.1:$port/v1" "$target/debug/examples/peer_check"
# Writes DIR/*.json; those of an F32 model are called *-f32.json.
check 'writing traces' "$target/debug/examples/trace_peers" "$work/traces"
check 'traces against llama-cpp-python' "$python" scripts/peers/compare_llama_cpp.py "$work"/traces/*.json
check 'traces of the F32 model against transformers' \
    "$python" scripts/peers/compare_transformers.py "$work"/traces/*-f32.json

check 'making small models and adapters' "$python" scripts/peers/export_models.py "$work/export"
for folder in "$work"/export/*/; do
    check "exporting the adapter of $(basename "$folder")" "$target/debug/examples/export_peers" "$folder"
done
check 'exported adapters against transformers + peft and llama-cpp-python' \
    "$python" scripts/peers/compare_export.py "$work"/export/*/

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
