# Shared by demo.sh and test.sh: what a fresh machine needs before the first run. Sourced, not run.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

require() {
  command -v "$1" >/dev/null 2>&1 || { echo "error: '$1' is needed and was not found on the path: $2" >&2; exit 1; }
}

require_dotnet() {
  require dotnet "install the .NET 10 SDK (global.json says which)"
}

require_npm() {
  require node "install Node.js 20 or newer"
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

# Quiet unless something is wrong.
build_release() {
  local log
  log=$(mktemp)
  if ! dotnet build "$1" -c Release -v quiet -clp:NoSummary >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "error: the build of $1 failed" >&2
    exit 1
  fi
  rm -f "$log"
}
