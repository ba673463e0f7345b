#!/usr/bin/env bash
# Prints the Python of a virtual environment with exactly these packages: environment.sh REQUIREMENTS.
# It lies in the cache under a name that changes with the list; an interrupted installation is started over.
. "$(dirname "$0")/../common.sh"

requirements=$1
cache=${OPZEST_CACHE:-$HOME/.cache/opzest-ci}
folder=$cache/peers-$(sha256sum <"$requirements" | cut -c 1-12)

if [ ! -e "$folder/complete" ]; then
    say "installing the peers into $folder (once; ten minutes or more, some gigabytes)"
    rm -rf "$folder"
    mkdir -p "$cache"
    python3 -m venv "$folder" || die "no virtual environment could be made" "Debian, Ubuntu: sudo apt-get install python3-venv"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --progress-bar off \
        -r "$requirements" >&2 || die "pip could not install the peers" "Its messages are above."
    touch "$folder/complete"
fi
echo "$folder/bin/python"
