#!/usr/bin/env bash
# The main job, on real input: a trained checkpoint becomes a model, photos become detections.
# Usage: ./demo.sh [OUTPUT]   (default: demo-output)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
output=${1:-demo-output}
source tools/setup.sh

require_dotnet
require_npm
now() { date +%s%3N; }
stage() { printf '\n== %s\n' "$1"; stage_started=$(now); }
stage_times=()
done_stage() { stage_times+=("$(printf '%-34s %6d ms' "$1" $(($(now) - stage_started)))"); }

stage "Set-up: build, trained weights and sample photos (npm)"
install_demo_model
build_release src/Cli/Cli.csproj
done_stage "set-up"

nanodet=(dotnet src/Cli/bin/Release/net10.0/Nanodet.Serverless.Cli.dll)
package=models/demo/node_modules/@vladmandic/human
photos=$output/photos
rm -rf "$output/results"
mkdir -p "$photos"
cp "$package"/assets/sample*.jpg "$package"/assets/human-sample-*.jpg "$photos"

stage "Checkpoint: the package's weights become a PyTorch checkpoint"
"${nanodet[@]}" demo-model --package "$package" --output "$output/model"
done_stage "weights -> checkpoint"

stage "Export: checkpoint and config become an ONNX model, in C#, without a download"
"${nanodet[@]}" export --config "$output/model/nanodet-g.yml" --checkpoint "$output/model/nanodet-g.pth" --output "$output/model/nanodet-g.onnx"
done_stage "checkpoint -> model"

stage "Detect: photos become detections"
"${nanodet[@]}" detect --model "$output/model/nanodet-g.onnx" --input "$photos" --output "$output/results" --annotate
done_stage "photos -> detections"

printf '\n== Done\n'
printf '%s\n' "${stage_times[@]}"
printf 'Results (JSON):      %s/results/*.json\n' "$output"
printf 'Annotated pictures:  %s/results/*.annotated.jpg\n' "$output"
