#!/usr/bin/env bash
# Writes the bill of materials of the function app and of the command line in CycloneDX JSON: each package with version, licence and hash.
# Usage: tools/sbom.sh OUTDIR
# Exit codes: 0 written; 1 not.
set -euo pipefail
[ $# -eq 1 ] || { echo "error: one folder to write to was expected: tools/sbom.sh OUTDIR" >&2; exit 1; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/setup.sh
require_dotnet

log=$(mktemp)
trap 'rm -f "$log"' EXIT
dotnet tool restore >"$log" 2>&1 || { cat "$log" >&2; echo "error: the tool for the bill of materials could not be restored" >&2; exit 1; }
for project in Functions Cli; do
  file="nanodet-${project,,}.cdx.json"
  dotnet tool run dotnet-CycloneDX -- "src/$project/$project.csproj" -o "$out" -fn "$file" -F Json -ed >"$log" 2>&1 \
    || { cat "$log" >&2; echo "error: no bill of materials of src/$project" >&2; exit 1; }
  echo "sbom: $file, $(grep -c '"bom-ref": "pkg:' "$out/$file") packages"
done
