#!/usr/bin/env bash
# Looks for keys, tokens and signatures in the files that git tracks and in what every commit has added, or in the files named, which must
# lie below the current folder. Azurite's published key is none.
# Usage: tools/secrets.sh [FILE ...]
#        tools/secrets.sh --history     only the commits of the current folder's repository, as far as they are here
# Exit codes: 0 none found; 1 some found, each named with file and line, or with commit and line of what it added; 2 the scanner could not be
# installed, or did not run through, within 5 minutes for the commits.
set -uo pipefail
tool="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets"
source "$tool/../setup.sh"
require_npm

stamp="$tool/node_modules/.installed"
if [ ! -f "$stamp" ] || [ "$tool/package-lock.json" -nt "$stamp" ]; then
  (cd "$tool" && npm ci --ignore-scripts --no-audit --no-fund --silent) && touch "$stamp" \
    || { echo "error: the scanner for secrets could not be installed from npm (see above)" >&2; exit 2; }
fi
no_pictures=(':!*.onnx' ':!*.png' ':!*.jpg')

scan() {
  timeout 300 "$tool/node_modules/.bin/secretlint" --no-glob --no-color --secretlintrc "$tool/.secretlintrc.json" "$@" >&2
  case $? in
    0) return 0 ;;
    1) echo "error: secrets were found; take them out of the file and of git's history, and renew them" >&2; exit 1 ;;
    *) echo "error: the scanner for secrets did not run through (see above)" >&2; exit 2 ;;
  esac
}

# One file for each commit, with the lines that it added: the scanner then names the commit. A merge adds what none of its parents has.
scan_history() {
  local added
  added=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder's name is that of now
  trap "rm -rf '$added'" EXIT
  git log -p -c -U0 --no-color --no-ext-diff --no-textconv --format='commit %H' -- . "${no_pictures[@]}" \
    | awk -v folder="$added" '
        /^commit [0-9a-f]+$/ { if (file) close(file); file = folder "/commit-" $2 ".txt"; next }
        /^ *\++/ && !/^\+\+\+ / { sub(/^[ +]+/, ""); print > file }' \
    || { echo "error: the history could not be read (see above)" >&2; exit 2; }
  cd "$added" && mapfile -t commits < <(ls)
  [ ${#commits[@]} -eq 0 ] || scan "${commits[@]}"
  echo "secrets: none found in ${#commits[@]} commits"
}

if [ "${1:-}" = --history ]; then
  scan_history
  exit
fi
files=("$@")
if [ $# -eq 0 ]; then
  cd "$tool/../.." && mapfile -d '' -t files < <(git ls-files -z -- "${no_pictures[@]}")
fi
scan "${files[@]}"
echo "secrets: none found in ${#files[@]} files"
[ $# -gt 0 ] || scan_history
