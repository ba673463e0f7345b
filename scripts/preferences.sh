#!/usr/bin/env bash
# Training experiments on real preference rows, written down in docs/experiments.md: preferences.sh PART...
#   trl       our losses beside those of TRL's ORPO, step by step (about five minutes with one thread)
#   soft      soft labels of a teacher that knows more against hard labels (ten minutes)
#   defaults  learning rates, epochs and lambda for 30 rows and for 300, estimates and what happened (a quarter of an hour)
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
    local runs=() seed settings=rows=150,rate=2e-4,epochs=2,batch=4
    "$python" scripts/peers/soft_labels.py "$model" "$work" 150 100
    for seed in 1 2 3; do
        runs+=("label=hard,$settings,seed=$seed" "label=soft,soft,$settings,seed=$seed")
    done
    "$preferences" runs "$model" "$work/soft.jsonl" "${runs[@]}"
}

part_defaults() {
    local runs=() seed settings lambda few=rows=30,batch=4 more=rows=300,batch=8,seed=1,patience=1 rate
    for rate in 2e-4 5e-4 1e-3 2e-3; do runs+=("label=$rate,rate=$rate,epochs=6,seed=1,$few"); done
    for seed in 1 2 3; do
        for settings in rate=2e-4,epochs=3 rate=5e-4,epochs=3 rate=5e-4,epochs=2; do
            runs+=("label=${settings//,/ },$settings,seed=$seed,$few")
        done
    done
    for lambda in 0 0.3; do runs+=("label=lambda $lambda,rate=1e-3,lambda=$lambda,epochs=6,seed=1,$few"); done
    for rate in 2e-4 5e-4 1e-3 2e-3; do runs+=("label=300 $rate,rate=$rate,epochs=2,$more"); done
    for lambda in 0 0.3; do runs+=("label=300 lambda $lambda,rate=2e-4,lambda=$lambda,epochs=2,$more"); done
    "$preferences" runs "$model" "$work/rows.jsonl" "${runs[@]}"
}

for part in "${@:-trl}"; do
    declare -F "part_$part" >/dev/null || die "there is no experiment \`$part\`" "Parts: trl soft defaults"
    "part_$part"
done
