#!/bin/sh
# After a deployment: both apps get the image that azd has pushed, then one image goes the whole way.
# Settings (azd env set NAME VALUE): NANODET_SMOKE_IMAGE, an image file (default: a small grey one); NANODET_SMOKE_SECONDS, how long to
# wait for its result (default 1200: a GPU from zero takes minutes).
set -eu

account=${NANODET_STORAGE_ACCOUNT:?"azd sets NANODET_STORAGE_ACCOUNT after provisioning: run 'azd provision' first"}
app=${NANODET_APP_NAME:?"azd sets NANODET_APP_NAME after provisioning"}
uri=${NANODET_APP_URI:?"azd sets NANODET_APP_URI after provisioning"}
worker=${NANODET_WORKER_NAME:-}
limit=${NANODET_SMOKE_SECONDS:-1200}

blob() {
  command=$1
  shift
  az storage blob "$command" --only-show-errors --auth-mode login --account-name "$account" "$@"
}

# Waits until a command succeeds: what for, seconds, command.
wait_for() {
  what=$1
  left=$2
  shift 2
  until "$@"; do
    left=$((left - 10))
    if [ "$left" -le 0 ]; then
      echo "error: still not so: $what" >&2
      return 1
    fi
    sleep 10
  done
}

exists() {
  [ "$(blob exists --container-name "$1" --name "$2" --query exists --output tsv)" = true ]
}

is_healthy() {
  curl --silent --show-error --fail --max-time 20 --output /dev/null "$uri/api/health"
}

# The template knows how the apps look: with the image that azd has just pushed it gives them ports, probes and scale rules, and the
# worker the same image.
if [ "${SERVICE_APP_IMAGE_NAME:-}" = "" ]; then
  echo "error: azd sets SERVICE_APP_IMAGE_NAME when it deploys: run 'azd deploy'" >&2
  exit 1
fi
azd provision --no-prompt --no-state
echo "${app}${worker:+ and $worker} run $SERVICE_APP_IMAGE_NAME."

wait_for "$uri/api/health says that the app takes work" 600 is_healthy
echo "$app takes work."

if ! wait_for "a model is published in container models" 300 exists models current.json; then
  echo "No model is published yet, so nothing can be detected: docs/operations.md says how."
  exit 0
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
file=${NANODET_SMOKE_IMAGE:-}
if [ -z "$file" ]; then
  file=$folder/smoke.png
  echo "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUoAAAAFklEQVR42mNoIAAYRhWMKhhVMFIVAABCAAAfN5c2AAAAAABJRU5ErkJggg==" \
    | base64 -d >"$file"
fi
name=smoke/$(date -u +%Y%m%dT%H%M%SZ)-$(basename "$file")
blob upload --container-name images --name "$name" --file "$file" --output none
wait_for "container detections has images/$name.json" "$limit" exists detections "images/$name.json"
blob download --container-name detections --name "images/$name.json" --file "$folder/result.json" --output none
blob delete --container-name images --name "$name" --output none
if ! grep -q '"status": *"detected"' "$folder/result.json"; then
  echo "error: expected the smoke test's image to be detected, found:" >&2
  cat "$folder/result.json" >&2
  exit 1
fi
echo "Smoke test passed: $(grep -o '"provider": *"[^"]*"' "$folder/result.json"), images/$name.json."
