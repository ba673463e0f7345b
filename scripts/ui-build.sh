#!/usr/bin/env bash
# Builds the interface into ui/dist, when its sources changed since the last build.
. "$(dirname "$0")/common.sh"

stamp=$root/ui/node_modules/.opzest-build

fingerprint() {
    cd "$root"
    local sources=(ui)
    if [ -d assets ]; then sources+=(assets); fi
    find "${sources[@]}" \( -name node_modules -o -name dist -o -name e2e -o -name 'test-results' \) -prune \
        -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
    cat ui/node_modules/.opzest-stamp
}

wanted=$(fingerprint)
if [ -f "$root/ui/dist/index.html" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

say "building the interface"
rm -f "$stamp"
(cd "$root/ui" && npm run --silent build) >&2 || die "the interface could not be built" "The messages are above."
printf '%s\n' "$wanted" >"$stamp"
