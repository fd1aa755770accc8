#!/usr/bin/env bash
# The whole way, on real input: a trained checkpoint becomes a model, the app comes up on this machine, photos go into its storage,
# and their detections come out.
# Usage: ./demo.sh [OUTPUT]   (default: demo-output beside this script)
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"
output=${1:-$PWD/demo-output}
[[ $output = /* ]] || output=$called_from/$output
source tools/setup.sh

require_dotnet
require_npm
now() { date +%s%3N; }
stage() { printf '\n== %s\n' "$1"; stage_started=$(now); }
stage_times=()
done_stage() { stage_times+=("$(printf '%-26s %6d ms' "$1" $(($(now) - stage_started)))"); }

stage "Set-up: build, trained weights and sample photos (npm)"
install_demo_model
build_release src/Functions/Functions.csproj
build_release src/Cli/Cli.csproj
done_stage "set-up"

nanodet=(dotnet src/Cli/bin/Release/net10.0/Nanodet.Serverless.Cli.dll)
package=models/demo/node_modules/@vladmandic/human
photos=$output/photos
rm -rf "$output/results" "$output/cloud"
mkdir -p "$photos" "$output/cloud"
cp "$package"/assets/sample*.jpg "$package"/assets/human-sample-*.jpg "$photos"

stage "Checkpoint: the package's weights become a PyTorch checkpoint"
"${nanodet[@]}" demo-model --package "$package" --output "$output/model"
done_stage "weights -> checkpoint"

stage "Export: checkpoint and config become an ONNX model, in C#, without a download"
"${nanodet[@]}" export --config "$output/model/nanodet-g.yml" --checkpoint "$output/model/nanodet-g.pth" --output "$output/model/nanodet-g.onnx"
done_stage "checkpoint -> model"

stage "Up: functions, durable orchestrations and storage (Azurite) on this machine"
"${nanodet[@]}" up --port 0 --data "$output/cloud" --model "$output/model/nanodet-g.onnx" >"$output/cloud/up.log" 2>&1 &
app=$!
trap 'kill -TERM "$app" 2>/dev/null || true; wait "$app" 2>/dev/null || true' EXIT
until [ -f "$output/cloud/up.json" ]; do
  kill -0 "$app" 2>/dev/null || { cat "$output/cloud/up.log" >&2; echo "error: the app did not come up" >&2; exit 1; }
  sleep 0.2
done
sed -n 1,4p "$output/cloud/up.log"
done_stage "start -> ready"

stage "Detect: photos into storage, a job over them, results out of storage"
"${nanodet[@]}" detect --storage --data "$output/cloud" --input "$photos" --output "$output/results" --annotate
done_stage "photos -> detections"

stage "Down"
kill -TERM "$app"
wait "$app"
trap - EXIT
done_stage "stop"

printf '\n== Done\n'
printf '%s\n' "${stage_times[@]}"
printf 'Results (JSON):      %s/results/*.json\n' "$output"
printf 'Annotated pictures:  %s/results/*.annotated.jpg\n' "$output"
printf 'The same without storage: nanodet detect --model %s/model/nanodet-g.onnx --input %s --output DIR\n' "$output" "$photos"
