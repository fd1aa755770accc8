#!/usr/bin/env bash
# Looks for keys, tokens and signatures in the files that git tracks, or in the files named, which must lie below the current folder.
# Azurite's published key is none.
# Usage: tools/secrets.sh [FILE ...]
# Exit codes: 0 none found; 1 some found, each named with file and line; 2 the scanner could not be installed or did not run through.
set -uo pipefail
tool="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets"
source "$tool/../setup.sh"
require_npm

stamp="$tool/node_modules/.installed"
if [ ! -f "$stamp" ] || [ "$tool/package-lock.json" -nt "$stamp" ]; then
  (cd "$tool" && npm ci --ignore-scripts --no-audit --no-fund --silent) && touch "$stamp" \
    || { echo "error: the scanner for secrets could not be installed from npm (see above)" >&2; exit 2; }
fi
files=("$@")
if [ $# -eq 0 ]; then
  cd "$tool/../.." && mapfile -d '' -t files < <(git ls-files -z -- ':!*.onnx' ':!*.png' ':!*.jpg')
fi
"$tool/node_modules/.bin/secretlint" --no-glob --no-color --secretlintrc "$tool/.secretlintrc.json" "${files[@]}" >&2
case $? in
  0) ;;
  1) echo "error: secrets were found; take them out of the file and of git's history, and renew them" >&2; exit 1 ;;
  *) echo "error: the scanner for secrets did not run through (see above)" >&2; exit 2 ;;
esac
echo "secrets: none found in ${#files[@]} files"
