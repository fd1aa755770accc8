#!/usr/bin/env bash
# Packages with known vulnerabilities, transitive ones too. NuGet reports none where a package source has no vulnerability data, in the same
# words as where nothing was found; so this says first which sources have it.
# Exit codes: 0 none found, or no source to ask; 1 some found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/setup.sh
require_dotnet
require_npm

answers() {
  # shellcheck disable=SC2016 # JavaScript's templates
  node -e '
    fetch(process.argv[1], { signal: AbortSignal.timeout(30000) })
      .then(async answer => answer.ok ? answer.json() : Promise.reject(new Error(`it answers ${answer.status}`)))
      .then(index => index.resources.some(resource => String(resource["@type"]).startsWith("VulnerabilityInfo/")))
      .then(has => console.log(has ? "has vulnerability data" : "has no vulnerability data: nothing is looked up there"))
      .catch(error => console.log(`did not answer (${error.cause?.code ?? error.message}): nothing is looked up there`))' "$1"
}

asked=0
while read -r state source; do
  if [[ $state = E* ]] && [[ $source = http* ]]; then
    answer=$(answers "$source")
    echo "audit: package source $source $answer"
    if [ "$answer" = "has vulnerability data" ]; then asked=$((asked + 1)); fi
  fi
done < <(dotnet nuget list source --format Short)

found=$(dotnet list Nanodet.Serverless.sln package --vulnerable --include-transitive)
if grep -q 'has the following vulnerable packages' <<<"$found"; then
  echo "$found"
  echo "error: packages with known vulnerabilities; raise their versions in Directory.Packages.props" >&2
  exit 1
elif [ "$asked" -eq 0 ]; then
  echo "audit: nothing was found, since there was nothing to look it up in; run this where a source has the data"
else
  echo "audit: no package has a known vulnerability"
fi
