#!/usr/bin/env bash
# The whole way, on real input: a trained checkpoint becomes a model, the app comes up on this machine, photos go into its storage,
# and their detections come out.
# Usage: ./demo.sh [--open] [OUTPUT]   (default: demo-output beside this script)
# --open: the app stays up, so that its page can be looked at; Ctrl+C ends it.
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"
stays_open=
if [ "${1:-}" = --open ]; then
  stays_open=yes
  shift
fi
case ${1:-} in -*) echo "error: expected --open or a folder, found '$1'" >&2; exit 2 ;; esac
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

# The last five different warnings and errors of the app's log, without stack frames: what differs by an id or a time is the same.
show_log() {
  awk '
    function keep(  key) {
      if (head == "") return
      key = head body
      sub(/^[^ ]+ /, "", key)
      gsub(/[0-9a-f]*[0-9][0-9a-f-]*/, "#", key)
      text[key] = head body
      last[key] = ++count
      head = body = ""
    }
    /^[0-9][0-9-]+T[0-9:.]+Z / { keep(); lines = 0; if ($2 ~ /^(warn|error|fatal)$/) head = $0; next }
    head != "" && lines < 8 && NF && !/^ +(at |---? )/ { body = body "\n" substr($0, 1, 400); lines++ }
    END {
      keep()
      for (key in last) at[last[key]] = key
      for (i = count; i > 0 && shown < 5; i--) if (i in at) { order[++shown] = at[i] }
      for (; shown > 0; shown--) print text[order[shown]]
    }' "$1"
}

# Whatever ends this script, nothing of it stays behind; a failure shows what went wrong in the app.
app= child= stopped=
log=$output/cloud/logs/app.log
stop() { kill -TERM "$1" 2>/dev/null || true; wait "$1" 2>/dev/null; }
stop_app() { local ending=$app; app=; stop "$ending"; }
run() { local code=0; "$@" & child=$!; wait "$child" || code=$?; child=; return "$code"; }
finish() {
  local status=$?
  trap - EXIT
  if [ "$status" -ne 0 ] && [ -z "$stopped" ] && [ -f "$log" ]; then
    printf '\n== Failed. The last warnings and errors of the app:\n' >&2
    show_log "$log" >&2
    printf '== The whole log: %s\n' "$log" >&2
  fi
  [ -z "$child" ] || stop "$child" || true
  [ -z "$app" ] || stop_app || true
  exit "$status"
}
trap finish EXIT
trap 'stopped=yes; exit 129' HUP
trap 'stopped=yes; exit 130' INT
trap 'stopped=yes; exit 143' TERM

nanodet=(dotnet "$PWD/src/Cli/bin/Release/net10.0/Nanodet.Serverless.Cli.dll")
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
"${nanodet[@]}" up --port 0 --data "$output/cloud" --model "$output/model/nanodet-g.onnx" >"$output/cloud/up.txt" &
app=$!
until [ -f "$output/cloud/up.json" ] && [ -s "$output/cloud/up.txt" ]; do
  kill -0 "$app" 2>/dev/null || { wait "$app" || true; app=; echo "error: the app did not come up" >&2; exit 1; }
  sleep 0.2
done
sed -n 1,7p "$output/cloud/up.txt"
viewer=$(sed -n 's/^viewer *//p' "$output/cloud/up.txt" | tr -d ' ')
done_stage "start -> ready"

stage "Detect: photos into storage, a job over them, results out of storage"
run "${nanodet[@]}" detect --storage --data "$output/cloud" --input "$photos" --output "$output/results" --annotate
done_stage "photos -> detections"

if [ -z "$stays_open" ]; then
  stage "Down"
  stop_app
  done_stage "stop"
fi

printf '\n== Done\n'
printf '%s\n' "${stage_times[@]}"
printf 'Results (JSON):      %s/results/*.json\n' "$output"
printf 'Annotated pictures:  %s/results/*.annotated.jpg\n' "$output"
printf 'The same without storage: nanodet detect --model %s/model/nanodet-g.onnx --input %s --output DIR\n' "$output" "$photos"
if [ -n "$stays_open" ]; then
  printf 'Viewer:              %s#/results?min=0.35   (the app is up; Ctrl+C ends it)\n' "$viewer"
  wait "$app" || true
  app=
else
  printf 'The app with its page, while it is up: ./demo.sh --open\n'
  printf 'The results on a page, without the app:\n'
  # As a shell takes it, from any folder, whatever the names are.
  printf -v view ' %q' "${nanodet[@]}" view "$output/results" --images "$photos"
  printf '%s\n' "${view:1}"
fi
