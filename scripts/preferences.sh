#!/usr/bin/env bash
# Training experiments on real preference rows, written down in docs/experiments.md: preferences.sh PART...
#   trl       our losses beside those of TRL's ORPO, step by step (about five minutes with one thread)
#   soft      soft labels of a teacher that knows more against hard labels
#   defaults  learning rates, epochs and lambda for 30 rows and for 300, estimates and what happened (half an hour)
# The first time some gigabytes of peers are downloaded, and harper-core, whose tests the rows are made of.
. "$(dirname "$0")/common.sh"
cd "$root"

cache=${OPZEST_CACHE:-$HOME/.cache/opzest-ci}
# OPZEST_PEERS: a Python that has the peers already.
python=${OPZEST_PEERS:-$(scripts/peers/environment.sh scripts/peers/requirements-trl.txt)}
scripts/model.py
cargo build --quiet --locked -p opzest-dorpo --example preferences
preferences=$target/debug/examples/preferences
model=models/SmolLM2-135M-Instruct.Q4_1.gguf
export OPZEST_THREADS=${OPZEST_THREADS:-1}

work=$(mktemp -d -t opzest-preferences-XXXXXX)
trap 'rm -rf "$work"' EXIT
"$python" scripts/peers/preferences.py "$model" "$work" "$cache"

part_trl() {
    "$preferences" orpo "$model" "$work"
    "$python" scripts/peers/compare_trl.py "$model" "$work"
}

part_soft() {
    "$python" scripts/peers/soft_labels.py "$model" "$work" 150 100
    local runs=() seed
    for seed in 1 2 3; do
        runs+=("label=hard,$soft_settings,seed=$seed" "label=soft,soft,$soft_settings,seed=$seed")
    done
    "$preferences" runs "$model" "$work/soft.jsonl" "${runs[@]}"
}

part_defaults() {
    "$preferences" runs "$model" "$work/rows.jsonl" "${defaults[@]}"
}

for part in "${@:-trl}"; do
    declare -F "part_$part" >/dev/null || die "there is no experiment \`$part\`" "Parts: trl soft defaults"
    "part_$part"
done
