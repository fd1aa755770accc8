#!/usr/bin/env bash
# Whether 'dotnet format' would change anything: layout, style and analyzers of every project. It takes minutes; test.sh checks the layout.
# Exit codes: 0 nothing, 1 something.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet format Nanodet.Serverless.sln --verify-no-changes --no-restore || { echo "error: run dotnet format" >&2; exit 1; }
