#!/usr/bin/env bash
# Makes a folder that checks the GPU of another machine: the self-contained command line, the forms of a model, photos, and a script.
# Usage: tools/gpu-check.sh OUTDIR [--split] [--checkpoint FILE.pth --config FILE.yml]
#   --split: also OUTDIR.tar.xz in pieces of at most 55 MiB, for machines that take small files only; put them together with cat.
#   Without a checkpoint the demo's trained weights are taken, which npm installs.
# There: ./check.sh [RESULT.json] prints a table and ends with 0 when every check held. That machine needs a driver, CUDA 13 and cuDNN 9,
# no .NET and no network.
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/setup.sh

usage() { sed -n '3p' "tools/gpu-check.sh" | cut -c 3- >&2; exit 2; }
from_caller() { case $1 in /*) echo "$1" ;; *) echo "$called_from/$1" ;; esac; }
[ $# -gt 0 ] && [ "${1#-}" = "$1" ] || usage
output=$(from_caller "$1")
shift
split='' checkpoint='' config=''
while [ $# -gt 0 ]; do
  case $1 in
    --split) split=1; shift ;;
    --checkpoint) [ $# -gt 1 ] || usage; checkpoint=$(from_caller "$2"); shift 2 ;;
    --config) [ $# -gt 1 ] || usage; config=$(from_caller "$2"); shift 2 ;;
    *) usage ;;
  esac
done
if [ -e "$output" ] && [ -n "$(ls -A "$output")" ]; then
  echo "error: $output: expected a folder that is empty or not there" >&2
  exit 1
fi

require_dotnet
require_npm
install_demo_model
package=models/demo/node_modules/@vladmandic/human
mkdir -p "$output/models" "$output/images"
publish_log=$(mktemp)
trap 'rm -f "$publish_log"' EXIT
if ! dotnet publish src/Cli/Cli.csproj -c Release -r linux-x64 --self-contained -p:NanodetGpu=true -o "$output/nanodet" -v quiet \
  >"$publish_log" 2>&1; then
  cat "$publish_log" >&2
  exit 1
fi
nanodet=$output/nanodet/Nanodet.Serverless.Cli

if [ -z "$checkpoint" ]; then
  "$nanodet" demo-model --package "$package" --output "$output/demo" >/dev/null
  checkpoint=$output/demo/nanodet-g.pth config=$output/demo/nanodet-g.yml
fi
# The form that is made for a CPU's layouts, and the plain one with fewer launches.
for form in optimised plain; do
  for precision in fp32 fp16; do
    "$nanodet" export --checkpoint "$checkpoint" --config "$config" --precision "$precision" \
      $([ "$form" = plain ] && echo --plain) --output "$output/models/$precision-$form.onnx" >/dev/null
  done
done
cp "$package"/assets/sample*.jpg "$package"/assets/human-sample-*.jpg "$output/images/"
rm -rf "$output/demo"

cat >"$output/check.sh" <<'SCRIPT'
#!/usr/bin/env bash
# Checks this machine's GPU. Usage: ./check.sh [RESULT.json]
# CUDA's and cuDNN's libraries have to be where the loader finds them: LD_LIBRARY_PATH, or the usual places, which are added here.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for folder in /usr/local/cuda*/targets/x86_64-linux/lib /usr/local/cuda*/lib64 /usr/lib/x86_64-linux-gnu; do
  [ -d "$folder" ] && LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
done
export LD_LIBRARY_PATH DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
if [ $# -gt 0 ]; then
  nanodet/Nanodet.Serverless.Cli gpu-check --models models --images images --json >"$1"
  code=$?
  cat "$1"
  exit $code
fi
exec nanodet/Nanodet.Serverless.Cli gpu-check --models models --images images
SCRIPT
chmod +x "$output/check.sh"
if [ -n "$split" ]; then
  tar -C "$(dirname "$output")" -c "$(basename "$output")" | xz -T0 -4 | split -b 55m - "$output.tar.xz."
fi
echo "$output: run ./check.sh there"
