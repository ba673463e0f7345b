#!/usr/bin/env bash
# Installs the interface's npm packages from its lock file, when they are not the ones that are there.
. "$(dirname "$0")/common.sh"

lock=$root/ui/package-lock.json
stamp=$root/ui/node_modules/.opzest-stamp
[ -f "$lock" ] || die "ui/package-lock.json is missing" "Get it back with: git checkout ui/package-lock.json"

# Compiled packages belong to one version of Node.
wanted="$(sha256sum <"$lock") node $(node --version)"
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

say "installing the interface's npm packages"
(cd "$root/ui" && npm ci --no-audit --no-fund --loglevel=error) >&2 ||
    die "npm could not install the interface's packages" "Its messages are above. This needs the network once."
printf '%s\n' "$wanted" >"$stamp"
