#!/usr/bin/env bash
# Sets up, builds and runs every test. The last line says how many passed, failed and were skipped.
# Usage: ./test.sh [--publish] [TEST-PROJECT ...]   such as ./test.sh Checkpoints Pipeline
#        ./test.sh --chaos N [--first SEED] [--images N] [--verbose]   N long runs under faults instead of the tests, a line for each
# --publish: publishing is tested for every platform that is served, not for Linux alone; that fetches Windows' and macOS' packages.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source tools/setup.sh
if [ "${1:-}" = --publish ]; then
  export NANODET_PUBLISH=all
  shift
fi

require_dotnet
require_npm
if [ "${1:-}" = --chaos ]; then
  [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || { echo "error: --chaos needs the number of runs" >&2; exit 1; }
  build_release tests/Chaos/Chaos.Tests.csproj
  exec dotnet exec tests/Chaos/bin/Release/net10.0/Nanodet.Serverless.Chaos.Tests.dll chaos "${@:2}"
fi

install_demo_model || exit 1
# Only where they run: a browser is a large package.
[[ $# -gt 0 && " $* " != *" Browser "* ]] || prepare_browser
build_release Nanodet.Serverless.sln
# The build has checked style and analyzers; what is left is the layout of the text. CI runs the whole 'dotnet format', which takes minutes.
dotnet format whitespace . --folder --verify-no-changes --exclude '**/obj' '**/bin' '**/node_modules' \
  || { echo "error: run dotnet format" >&2; exit 1; }

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
total=0 failed=0 skipped=0 broken=0
for project in tests/*/*.Tests.csproj; do
  name=$(basename "$project" .Tests.csproj)
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then
    continue
  fi
  dll=$(dirname "$project")/bin/Release/net10.0/Nanodet.Serverless.$name.Tests.dll
  echo "== $name"
  # The runner prints each failure, and each skipped test with its reason.
  dotnet exec "$dll" -noColor -noLogo -xml "$results/$name.xml"
  code=$?
  summary=$(grep -m1 -o '<assembly [^>]*>' "$results/$name.xml" 2>/dev/null)
  if [ -z "$summary" ]; then
    echo "error: $name ended with code $code and left no result" >&2
    broken=$((broken + 1))
    continue
  fi
  count() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$summary"; }
  # A measurement that is only run by name counts as nothing.
  total=$((total + $(count total) - $(count not-run)))
  failed=$((failed + $(count failed) + $(count errors)))
  skipped=$((skipped + $(count skipped)))
done

failed=$((failed + broken))
passed=$((total - (failed - broken) - skipped))
if [ "$skipped" -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
