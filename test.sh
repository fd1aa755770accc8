#!/usr/bin/env bash
# Sets up, builds and runs every test. The last line says how many passed, failed and were skipped.
# Usage: ./test.sh [--publish] [TEST-PROJECT ...]   such as ./test.sh Checkpoints Pipeline
#        ./test.sh --soak N    N images through one undisturbed app, in bursts; what it holds has to stay level, and no burst may take over a minute
#        ./test.sh --chaos N [--first SEED] [--images N] [--burners N] [--hurry] [--verbose]   N long runs under faults instead of the tests, a line for each
# --publish: publishing is tested for every platform that is served, not for Linux alone; that fetches Windows' and macOS' packages.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
source tools/setup.sh
if [ "${1:-}" = --publish ]; then
  export NANODET_PUBLISH=all
  shift
fi

require_dotnet
require_npm
if [ "${1:-}" = --chaos ] || [ "${1:-}" = --soak ]; then
  [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || { echo "error: $1 needs the number of $([ "$1" = --soak ] && echo images || echo runs)" >&2; exit 1; }
  build_release tests/Chaos/Chaos.Tests.csproj
  exec dotnet exec tests/Chaos/bin/Release/net10.0/Nanodet.Serverless.Chaos.Tests.dll "${1#--}" "${@:2}"
fi

install_demo_model || exit 1
# Only where they run: a browser is a large package.
[[ $# -gt 0 && " $* " != *" Browser "* ]] || prepare_browser
build_release Nanodet.Serverless.sln
# The build has checked style and analyzers; what is left is the layout of the text. CI runs the whole 'dotnet format', which takes minutes.
dotnet format whitespace . --folder --verify-no-changes --exclude '**/obj' '**/bin' '**/node_modules' \
  || { echo "error: run dotnet format" >&2; exit 1; }

# Two lanes side by side take one project after the other, the longest first, so that both end at nearly the same time. What bounds a time
# without progress runs alone, after them. A project's output comes in one piece when it has ended.
longest=(Cli EndToEnd Browser Pipeline LocalHost Checkpoints Infra)
alone=(Chaos)
results=$(mktemp -d)
lanes=()
# shellcheck disable=SC2317 # called by trap
clean_up() {
  [ ${#lanes[@]} -eq 0 ] || kill "${lanes[@]}" 2>/dev/null
  wait
  rm -rf "$results"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

run_lane() {
  local project name dll began
  for project in "$@"; do
    name=$(basename "$project" .Tests.csproj)
    # Taken by whoever makes the folder.
    mkdir "$results/$name.taken" 2>/dev/null || continue
    dll=$(dirname "$project")/bin/Release/net10.0/Nanodet.Serverless.$name.Tests.dll
    began=$SECONDS
    # The runner prints each failure, and each skipped test with its reason. A signal that ends the lane ends it, too.
    dotnet exec "$dll" -noColor -noLogo -result-xml "$results/$name.xml" >"$results/$name.log" 2>&1 &
    # shellcheck disable=SC2064 # this process, not a later one
    trap "kill $! 2>/dev/null; exit 143" TERM
    wait $!
    echo "$?" >"$results/$name.code"
    { echo "== $name ($((SECONDS - began)) s)"; cat "$results/$name.log"; } >"$results/$name.all"
    # In one write: the other lane prints as well.
    cat "$results/$name.all"
  done
}

projects=() last=()
for name in "${longest[@]}" $(basename -s .Tests.csproj tests/*/*.Tests.csproj); do
  project=tests/$name/$name.Tests.csproj
  if [[ ($# -gt 0 && " $* " != *" $name "*) || " ${projects[*]} ${last[*]} " == *" $project "* ]]; then
    continue
  elif [[ " ${alone[*]} " == *" $name "* ]]; then
    last+=("$project")
  else
    projects+=("$project")
  fi
done
run_lane "${projects[@]}" &
lanes+=($!)
run_lane "${projects[@]}" &
lanes+=($!)
wait "${lanes[@]}"
run_lane "${last[@]}" &
lanes=($!)
wait "${lanes[@]}"
lanes=()

total=0 failed=0 skipped=0 broken=0 failing=()
for project in "${projects[@]}" "${last[@]}"; do
  name=$(basename "$project" .Tests.csproj)
  summary=$(grep -m1 -o '<assembly [^>]*>' "$results/$name.xml" 2>/dev/null)
  if [ -z "$summary" ]; then
    echo "error: $name ended with code $(cat "$results/$name.code" 2>/dev/null) and left no result" >&2
    broken=$((broken + 1))
    continue
  fi
  count() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$summary"; }
  # A measurement that is only run by name counts as nothing.
  total=$((total + $(count total) - $(count not-run)))
  failed=$((failed + $(count failed) + $(count errors)))
  skipped=$((skipped + $(count skipped)))
  [ $(($(count failed) + $(count errors))) -eq 0 ] || failing+=("$name")
done

echo "the ten slowest of them, in seconds:"
cat "$results"/*.xml 2>/dev/null | grep -o '<test [^>]*>' | sed -n 's/.* time="\([0-9.]*\)".* type="\([^"]*\)" method="\([^"]*\)".*/\1 \2.\3/p' \
  | sort -rn | head -10 | sed 's/Nanodet\.Serverless\.//; s/^/  /'

# What failed is said again where it is seen, with its first lines: the lanes' outputs are long, and who keeps the last part has it.
for name in "${failing[@]}"; do
  echo "failures in $name:"
  awk '/\[FAIL\]$/ { left = 12 } left-- > 0' "$results/$name.log" | cut -c1-1000
done

failed=$((failed + broken))
passed=$((total - (failed - broken) - skipped))
if [ "$skipped" -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
