#!/usr/bin/env bash
# A machine that has what README.md names and nothing else: does the demo detect its photos there?
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: tools/fresh-machine.sh [--tests] [--keep] [--root DIR] [--nuget-cache DIR]
       tools/fresh-machine.sh --enter DIR [COMMAND ...]
       tools/fresh-machine.sh --print-source [--apt-dir DIR] [--codename NAME]

Makes a minimal Debian root with debootstrap, gives it this machine's .NET SDK, Node.js and npm, clones the commit that is checked out
here into it, runs ./demo.sh and README.md's commands there from another directory, and checks the results: 10 photos, each detected.
Needs root, debootstrap, a Debian machine and 6 GB of disk. The network is this machine's, and so are the settings that say where packages come from.

  --tests            run ./test.sh there, too
  --keep             keep the root. It then holds this machine's registry settings, with any password that is in them
  --root DIR         where the root is made; DIR must be empty or not there. Default: a temporary folder
  --nuget-cache DIR  copy a folder of NuGet packages into the root instead of restoring all of them there: faster, and proves less
  --enter DIR        a shell, or a command, in a root that was kept; the clone is /root/checkout
  --print-source     print the package source that would be taken, and end
  --apt-dir DIR      read it from DIR instead of /etc/apt
  --codename NAME    for that Debian release instead of this machine's

Exit codes: 0 passed, 1 failed, 2 wrong usage, 77 cannot be run on this machine; then the only line says why ("skipped: ...").
NANODET_GOLDEN is carried over for --tests. However this script ends, it leaves no mount and no process; killed with SIGKILL, it leaves
the root's folder.
USAGE
}

script=$(readlink -f "${BASH_SOURCE[0]}")
repository=$(dirname "$(dirname "$script")")

fail() { echo "error: $1" >&2; exit "${2:-1}"; }
skip() { echo "skipped: $1"; exit 77; }

# ---- The package source: Debian's main archive among what apt reads -----------------------------------------------------------------

# Every entry of FILE as lines of URI, suite, components and keyring, divided by tabs.
one_line_entries() {
  awk '
    { sub(/\r$/, ""); sub(/#.*/, "") }
    $1 == "deb" {
      first = 2; keyring = ""
      if ($2 ~ /^\[/) {
        for (first = 2; first <= NF; first++) {
          option = $first; gsub(/[][]/, "", option)
          if (option ~ /^signed-by=/) keyring = substr(option, 11)
          if ($first ~ /\]$/) break
        }
        first++
      }
      components = ""
      for (i = first + 2; i <= NF; i++) components = components " " $i
      if (NF > first) printf "%s\t%s\t%s\t%s\n", $first, $(first + 1), components, keyring
    }' "$1"
}

deb822_entries() {
  awk '
    function finish(    uris, suites, n, m, i, j) {
      if ((" " value["types"] " ") ~ / deb / && tolower(value["enabled"]) !~ /^ *(no|false|0|off|without|disable) *$/) {
        n = split(value["uris"], uris, " "); m = split(value["suites"], suites, " ")
        for (i = 1; i <= n; i++) for (j = 1; j <= m; j++)
          printf "%s\t%s\t%s\t%s\n", uris[i], suites[j], value["components"], value["signed-by"]
      }
      split("", value); field = ""
    }
    { sub(/\r$/, "") }
    /^#/ { next }
    /^[ \t]*$/ { finish(); next }
    /^[ \t]/ { if (field != "") { sub(/^[ \t]+/, ""); value[field] = value[field] " " $0 } next }
    /:/ { field = tolower(substr($0, 1, index($0, ":") - 1)); text = substr($0, index($0, ":") + 1); gsub(/\t/, " ", text); sub(/^ +/, "", text); value[field] = text }
    END { finish() }' "$1"
}

# The URIs that may be Debian's main archive for a release, the likeliest first. Other vendors name their suites after Debian's
# releases, too, and some their folder "debian": a keyring of Debian's is the best sign, its host the next.
archive_uris() {
  local apt=$1 codename=$2 file
  {
    for file in "$apt/sources.list" "$apt"/sources.list.d/*.list; do
      if [ -f "$file" ]; then one_line_entries "$file"; fi
    done
    for file in "$apt"/sources.list.d/*.sources; do
      if [ -f "$file" ]; then deb822_entries "$file"; fi
    done
  } | awk -F '\t' -v apt="$apt" -v codename="$codename" '
    # Cloud images name a file that lists mirrors.
    function mirror(uri,    file, line, found) {
      if (uri !~ /^mirror\+file:/) return uri
      file = uri; sub(/^mirror\+file:/, "", file); sub(/^\/+/, "/", file); sub(/^\/etc\/apt\//, apt "/", file)
      found = ""
      while (found == "" && (getline line < file) > 0) { sub(/#.*/, "", line); split(line, words, /[ \t]+/); found = words[1] }
      close(file)
      return found
    }
    $2 == codename && (" " $3 " ") ~ /[ \t]main[ \t]/ {
      uri = mirror($1); sub(/\/+$/, "", uri)
      if (uri !~ /^https?:\/\//) next
      host = uri; sub(/^https?:\/\//, "", host); sub(/\/.*/, "", host); sub(/:[0-9]+$/, "", host)
      if ($4 ~ /debian-archive/) rank = 1
      else if (host ~ /(^|\.)debian\.org$/) rank = 2
      else if ($4 == "" && uri ~ /\/debian$/) rank = 3
      else next
      print rank "\t" uri
    }' | sort -s -k 1,1n | cut -f 2
}

# ---- Inside: a private mount and process namespace, as its first process ------------------------------------------------------------

# What a program expects of /proc and /dev. The machine's own devices, not new ones: a container may not make any.
mount_devices() {
  local device
  mkdir -p "$root/proc" "$root/dev"
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 dev "$root/dev"
  for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  mkdir "$root/dev/shm" "$root/dev/pts"
  mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
}

# Nothing of this machine's environment but where its packages come from, which apt, dotnet and npm read from there.
in_root() {
  local carried=() name
  while IFS= read -r name; do
    carried+=("$name=${!name}")
  done < <(compgen -e | grep -iE '^(https?_proxy|no_proxy|all_proxy|nuget_cert_revocation_mode|npm_config_registry|nugetpackagesourcecredentials_.*)$' || true)
  # A bundle that these name was added to the root's own.
  for name in SSL_CERT_FILE NODE_EXTRA_CA_CERTS; do
    if [ -n "${!name:-}" ]; then carried+=("$name=/etc/ssl/certs/ca-certificates.crt"); fi
  done
  if [ -n "${NANODET_GOLDEN:-}" ] && [ -d "$root/srv/golden" ]; then carried+=(NANODET_GOLDEN=/srv/golden); fi
  env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" \
    ${carried[@]+"${carried[@]}"} chroot "$root" "$@"
}

started=
stage() { printf 'fresh machine: %-58s' "$1"; started=$SECONDS; }
passed() { printf '%5d s%s\n' $((SECONDS - started)) "${1:+   $1}"; }
# The stage failed: the end of what it wrote, then of what the app wrote.
failed() {
  local what=$1 log=$2 other
  printf '%5d s   FAILED\n' $((SECONDS - started))
  echo "error: $what; the last lines of ${log#"$root"} (in the root):" >&2
  tail -n 40 "$log" | sed 's/^/  | /' >&2
  while IFS= read -r other; do
    echo "the last lines of ${other#"$root"} (in the root):" >&2
    tail -n 25 "$other" | sed 's/^/  | /' >&2
  done < <(find "$root/root/checkout/demo-output/cloud" -maxdepth 3 -name '*.log' -size +0 ! -path '*/azurite/*' 2>/dev/null || true)
  exit 1
}

# What is in the root, and why. debootstrap adds what these need themselves; git brings zlib and Kerberos' library, which Microsoft lists
# for the SDK, too. ICU is not among them: everything here runs with invariant globalization.
packages() {
  local openssl=libssl3
  if [ "${codename:-}" = bullseye ]; then openssl=libssl1.1; fi
  local list=(
    git              # the clone
    ca-certificates  # HTTPS to the package registries
    "$openssl"       # .NET's TLS and hashes
    libstdc++6       # the .NET runtime, Node.js and the native libraries of the packages are C++
    libgcc-s1        # the same
  )
  (IFS=,; echo "${list[*]}")
}

make_root() {
  local log=$root/var/log/fresh-machine/debootstrap.log file
  mkdir -p "$(dirname "$log")"
  stage "Debian $codename, minimal (debootstrap)"
  # DEBOOTSTRAP_DIR of the caller would be another debootstrap's.
  env -u DEBOOTSTRAP_DIR debootstrap --variant=minbase --include="$(packages)" "$codename" "$root" "$source_uri" >"$log" 2>&1 \
    || failed "debootstrap failed with $source_uri" "$log"
  passed "$(du -sxm "$root" | cut -f 1) MiB"

  # debootstrap mounted its own; they end here.
  umount -R "$root/proc" "$root/sys" "$root/dev" 2>/dev/null || true
  rm -rf --one-file-system "${root:?}/dev"
  mount_devices

  # Where names and packages come from.
  cp -L /etc/hosts /etc/resolv.conf "$root/etc/" 2>/dev/null || true
  mkdir -p "$root/etc/apt/apt.conf.d" "$root/usr/local/share/ca-certificates"
  apt-config dump 2>/dev/null | grep -E '^Acquire::https?::Proxy(::[^ ]+)? ' >"$root/etc/apt/apt.conf.d/80proxy" || true
  cp -RL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  for file in "${SSL_CERT_FILE:-}" "${NODE_EXTRA_CA_CERTS:-}"; do
    if [ -f "$file" ] && [ "$(readlink -f "$file")" != /etc/ssl/certs/ca-certificates.crt ]; then
      cp -L "$file" "$root/usr/local/share/ca-certificates/$(basename "${file%.*}").crt"
    fi
  done
  in_root update-ca-certificates >"$root/var/log/fresh-machine/certificates.log" 2>&1 || true
}

copy_tools() {
  local node npm file
  stage ".NET SDK $(cd "$repository" && dotnet --version), Node.js $(node --version) and npm $(npm --version)"
  mkdir -p "$root/usr/share/dotnet" "$root/usr/local/bin" "$root/usr/local/lib/node_modules" "$root/usr/local/etc"
  cp -a "$(dirname "$(readlink -f "$(command -v dotnet)")")/." "$root/usr/share/dotnet/"
  ln -s /usr/share/dotnet/dotnet "$root/usr/local/bin/dotnet"
  node=$(node -p process.execPath)
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  cp "$node" "$root/usr/local/bin/node"
  cp -RL "$npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"

  file=$(npm config get globalconfig)
  if [ -f "$file" ]; then cp -L "$file" "$root/usr/local/etc/npmrc"; fi
  if [ -f "$HOME/.npmrc" ]; then cp -L --preserve=mode "$HOME/.npmrc" "$root/root/.npmrc"; fi
  file=$(npm config get cafile)
  if [ -f "$file" ] && [ ! -e "$root$file" ]; then install -D -m 644 "$file" "$root$file"; fi
  for file in .nuget/NuGet/NuGet.Config .config/NuGet/NuGet.Config; do
    if [ -f "$HOME/$file" ]; then mkdir -p "$root/root/$(dirname "$file")" && cp -L --preserve=mode "$HOME/$file" "$root/root/$file"; fi
  done
  if [ -d /etc/opt/NuGet ]; then mkdir -p "$root/etc/opt" && cp -RL /etc/opt/NuGet "$root/etc/opt/"; fi
  if [ -n "$nuget_cache" ]; then mkdir -p "$root/root/.nuget" && cp -a "$nuget_cache" "$root/root/.nuget/packages"; fi

  for file in dotnet node npm git; do
    in_root env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "$file" --version >"$root/var/log/fresh-machine/tools.log" 2>&1 \
      || failed "this machine's $file does not run on a minimal Debian: it may link libraries that are not there" "$root/var/log/fresh-machine/tools.log"
  done
  passed
}

clone() {
  local log=$root/var/log/fresh-machine/clone.log
  stage "git clone of $(git_here rev-parse --short HEAD)"
  # By a bare copy: it works from a worktree, a shallow clone and a detached HEAD.
  {
    git init --quiet --bare --initial-branch=main "$root/srv/repository.git" \
      && git -C "$root/srv/repository.git" config receive.shallowUpdate true \
      && git_here push --quiet --no-verify "$root/srv/repository.git" HEAD:refs/heads/main \
      && in_root git -C /root clone --quiet /srv/repository.git checkout
  } >"$log" 2>&1 || failed "the commit could not be cloned into the root" "$log"
  passed
}

# Whoever owns the folder; only what Git itself needs of this machine's settings.
git_here() { git -c safe.directory='*' -C "$repository" "$@"; }

# Every result of a folder of the root has to be a detected photo.
photos_detected() {
  # shellcheck disable=SC2016 # JavaScript's templates
  in_root node -e '
    const fs = require("node:fs"), path = require("node:path");
    const [folder, expected] = [process.argv[1], 10];
    const results = fs.readdirSync(folder).filter(name => name.endsWith(".json"))
      .map(name => JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")));
    const bad = results.filter(result => result.status !== "detected");
    const objects = results.reduce((sum, result) => sum + (result.detections?.length ?? 0), 0);
    for (const { image, error } of bad) console.error(`${image?.name}: ${error?.code}: ${error?.message}`);
    if (results.length !== expected || bad.length > 0 || objects === 0) {
      console.error(`expected ${expected} results, all with status "detected" and at least one detection among them; `
        + `found ${results.length}, ${bad.length} of another status, ${objects} detections in ${folder}`);
      process.exit(1);
    }
    console.log(`${results.length} photos, ${objects} objects`);
  ' "$1"
}

run_demo() {
  local log=$root/var/log/fresh-machine/demo.log
  stage "./demo.sh, from another directory"
  in_root sh -c 'cd /tmp && exec /root/checkout/demo.sh' >"$log" 2>&1 || failed "./demo.sh failed" "$log"
  passed
  stage "its results"
  photos_detected /root/checkout/demo-output/results >"$log.results" 2>&1 || failed "./demo.sh passed, but its results are not as expected" "$log.results"
  passed "$(tail -n 1 "$log.results")"
}

# The commands that README.md gives for a build by hand, then the alias from another directory.
run_readme() {
  local log=$root/var/log/fresh-machine/readme.log commands=$root/tmp/readme.sh
  stage "the commands of README.md, by hand"
  {
    echo 'set -e; shopt -s expand_aliases; cd /root/checkout'
    awk '/^## /{ wanted = $0 == "## Your model" } wanted && /^```/{ if (inside) exit; inside = 1; next } inside' "$repository/README.md"
    echo 'cd /tmp'
    echo 'nanodet detect --model /root/checkout/demo-output/model/nanodet-g.onnx --input /root/checkout/demo-output/photos --output by-hand'
  } >"$commands"
  grep -q '^dotnet tool install' "$commands" || failed "README.md has no commands under '## Your model' that install nanodet" "$commands"
  in_root bash "${commands#"$root"}" >"$log" 2>&1 || failed "README.md's commands failed" "$log"
  photos_detected /tmp/by-hand >"$log.results" 2>&1 || failed "README.md's commands passed, but their results are not as expected" "$log.results"
  passed "$(tail -n 1 "$log.results")"
}

run_tests() {
  local log=$root/var/log/fresh-machine/test.log last
  if [ -n "${NANODET_GOLDEN:-}" ]; then
    mkdir -p "$root/srv/golden"
    mount --bind "$(readlink -f "$NANODET_GOLDEN")" "$root/srv/golden"
    mount -o remount,bind,ro "$root/srv/golden"
  fi
  stage "./test.sh, from another directory"
  in_root sh -c 'cd /tmp && exec /root/checkout/test.sh' >"$log" 2>&1 || failed "./test.sh failed" "$log"
  last=$(tail -n 1 "$log")
  grep -qE '^[1-9][0-9]* passed, 0 failed(, [0-9]+ skipped)?$' <<<"$last" || failed "the last line of ./test.sh is not 'N passed, 0 failed'" "$log"
  passed "all passed: ${last%% *}$(sed -n 's/.*, \([0-9]* skipped\)$/; \1/p' <<<"$last")"
}

inside() {
  make_root
  copy_tools
  clone
  run_demo
  run_readme
  if [ "$tests" = yes ]; then run_tests; fi
}

# ---- Outside ------------------------------------------------------------------------------------------------------------------------

# Whatever ends this script ends the namespace: its first process dies with unshare, and unshare with this script.
namespace() { exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child "$@"; }

tests=no keep=no root='' nuget_cache='' apt=/etc/apt print_source=no codename=''
case ${1:-} in
  --inside)
    # Called by this script only.
    mount -t proc proc /proc
    root=$2 codename=$3 source_uri=$4 tests=$5 nuget_cache=$6
    inside
    exit 0
    ;;
  --inside-enter)
    root=$2
    shift 2
    mount_devices
    if [ $# -eq 0 ]; then set -- bash -c 'cd /root/checkout && exec bash'; fi
    in_root "$@"
    exit
    ;;
  --enter)
    [ -d "${2:-}/root/checkout" ] || fail "--enter needs a root that this script made and kept, found '${2:-}'" 2
    enter=$(readlink -f "$2")
    shift 2
    namespace "$script" --inside-enter "$enter" "$@"
    ;;
esac

while [ $# -gt 0 ]; do
  option=$1
  case $option in
    --tests) tests=yes ;;
    --keep) keep=yes ;;
    --print-source) print_source=yes ;;
    --root | --nuget-cache | --apt-dir | --codename)
      [ -n "${2:-}" ] || fail "$option needs a value" 2
      shift
      case $option in
        --root) root=$1 ;;
        --nuget-cache) nuget_cache=$(readlink -m "$1") ;;
        --apt-dir) apt=$1 ;;
        --codename) codename=$1 ;;
      esac
      ;;
    -h | --help) usage; exit 0 ;;
    *) echo "error: unknown option '$option'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
if [ -n "$nuget_cache" ] && [ ! -d "$nuget_cache" ]; then fail "--nuget-cache: there is no folder '$nuget_cache'" 2; fi

if [ -z "$codename" ] && [ -r /etc/os-release ]; then codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}"); fi
[ -n "$codename" ] || skip "/etc/os-release names no VERSION_CODENAME, so Debian's release is not known"
mapfile -t candidates < <(archive_uris "$apt" "$codename")
[ ${#candidates[@]} -gt 0 ] || skip "no source of Debian's main archive for '$codename' was found in $apt"
if [ "$print_source" = yes ]; then
  echo "${candidates[0]}"
  exit 0
fi

[ "$(id -u)" = 0 ] || skip "root is needed to make a Debian root, and this is user $(id -un)"
for tool in debootstrap unshare setpriv chroot mount wget; do
  command -v "$tool" >/dev/null || skip "'$tool' is not installed (Debian: apt-get install debootstrap util-linux wget)"
done
setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child mount -t tmpfs none /mnt 2>/dev/null \
  || skip "this machine does not allow mounts in a namespace of their own (unshare --mount --pid)"

# apt's proxy is debootstrap's, too, which reads it from the environment.
if [ -z "${http_proxy:-}" ]; then
  proxy=$(apt-config dump --format '%v' Acquire::http::Proxy 2>/dev/null || true)
  if [ -n "$proxy" ] && [ "$proxy" != DIRECT ]; then export http_proxy=$proxy; fi
fi
source_uri=
for candidate in "${candidates[@]}"; do
  if wget -q -O - --timeout=20 --tries=2 "$candidate/dists/$codename/Release" 2>/dev/null | grep -x 'Origin: Debian' >/dev/null; then
    source_uri=$candidate
    break
  fi
done
[ -n "$source_uri" ] || skip "Debian's main archive does not answer at ${candidates[*]}"

source "$repository/tools/setup.sh"
(cd "$repository" && require_dotnet && require_npm && require git "install git") || exit 1
git_here rev-parse --quiet --verify HEAD >/dev/null || fail "$repository is no git repository with a commit, so it cannot be cloned"

if [ -z "$root" ]; then
  root=$(mktemp -d "${TMPDIR:-/tmp}/nanodet-fresh.XXXXXXXX")
else
  mkdir -p "$root"
  root=$(readlink -f "$root")
  [ -z "$(ls -A "$root")" ] || fail "--root needs an empty folder, and $root is not empty" 2
fi
chmod 755 "$root"

child=
finish() {
  local first
  trap '' INT TERM HUP
  if [ -n "$child" ] && kill -0 "$child" 2>/dev/null; then
    # The namespace's first process takes all others along, and unshare ends after it.
    first=$(cat "/proc/$child/task/$child/children" 2>/dev/null || true)
    # shellcheck disable=SC2086 # none or one number
    kill -KILL ${first:-"$child"} 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  if [ "$keep" = yes ]; then
    echo "fresh machine: kept in $root; a shell there: tools/fresh-machine.sh --enter $root"
  else
    rm -rf --one-file-system "$root"
  fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

changes=$(git_here status --porcelain | wc -l)
if [ "$changes" -gt 0 ]; then
  echo "fresh machine: $changes uncommitted changes are not part of what is tried, which is commit $(git_here rev-parse --short HEAD)"
fi

(namespace "$script" --inside "$root" "$codename" "$source_uri" "$tests" "$nuget_cache") </dev/null &
child=$!
if wait "$child"; then
  echo "fresh machine: passed in $SECONDS s"
else
  echo "fresh machine: failed after $SECONDS s"
  exit 1
fi
