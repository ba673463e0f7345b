#!/usr/bin/env bash
# Kills sessions and training runs and cuts the power, much more often than `make test` does, and prints what was found.
# OPZEST_KILLS and OPZEST_POWER_CUTS say how often; OPZEST_SEED repeats a run's choices.
. "$(dirname "$0")/common.sh"
cd "$root"

export OPZEST_KILLS=${OPZEST_KILLS:-200} OPZEST_POWER_CUTS=${OPZEST_POWER_CUTS:-1000}
tests=(
    crash::killing_the_process_loses_nothing_that_was_said_to_be_saved
    lost_writes::a_power_cut_loses_nothing_that_was_said_to_be_saved
    process::killed_at_any_moment_it_ends_in_the_same_bits
    process::killed_with_a_real_model_it_ends_in_the_same_bits
    lost_writes::without_syncing_a_power_cut_does_lose_something
)
scripts/prepare.sh test
cargo build --quiet --locked --workspace --bins
# The crates without such a test say so; nobody wants to read that.
RUST_BACKTRACE=0 cargo test --quiet --locked --workspace --test it -- --exact --nocapture --include-ignored "${tests[@]}" |
    grep -Ev '^$|^running 0 tests|^test result: ok\. 0 passed'
