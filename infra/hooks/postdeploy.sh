#!/bin/sh
# After a deployment: both apps get the image that azd has pushed, then one image goes the whole way.
# Settings (azd env set NAME VALUE): NANODET_SMOKE_IMAGE, an image file (default: a small grey one); NANODET_SMOKE_SECONDS, how long to
# wait for its result (default 1200: a GPU from zero takes minutes).
set -eu
. "$(dirname "$0")/common.sh"

account=${NANODET_STORAGE_ACCOUNT:?"azd sets NANODET_STORAGE_ACCOUNT after provisioning: run 'azd provision' first"}
app=${NANODET_APP_NAME:?"azd sets NANODET_APP_NAME after provisioning"}
uri=${NANODET_APP_URI:?"azd sets NANODET_APP_URI after provisioning"}
worker=${NANODET_WORKER_NAME:-}
limit=${NANODET_SMOKE_SECONDS:-1200}

blob() {
  command=$1
  shift
  in_subscription storage blob "$command" --only-show-errors --auth-mode login --account-name "$account" "$@"
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

# An app that also detects is not ready without a model, and says so with 503: that it answers is enough here.
is_live() {
  curl --silent --show-error --max-time 20 "$uri/api/health" | grep -q '"live": *true'
}

# The template knows how the apps look: with the image that azd has just pushed it gives them ports, probes and scale rules, and the
# worker the same image.
if [ "${SERVICE_APP_IMAGE_NAME:-}" = "" ]; then
  echo "error: azd sets SERVICE_APP_IMAGE_NAME when it deploys: run 'azd deploy'" >&2
  exit 1
fi

# A tag can be moved, a digest cannot: both apps run, and a later provision runs again, exactly what was pushed.
image=$SERVICE_APP_IMAGE_NAME
registry=${image%%/*}
case $image in
  *@sha256:*) ;;
  *)
    tagged=${image#*/}
    repository=${tagged%:*}
    digest=$(in_subscription acr repository show --only-show-errors --name "${registry%%.*}" --image "$tagged" --query digest --output tsv)
    case $digest in
      sha256:*) ;;
      *)
        echo "error: expected the registry to know the digest of $tagged, found '$digest'" >&2
        exit 1
        ;;
    esac
    SERVICE_APP_IMAGE_NAME=$registry/$repository@$digest
    export SERVICE_APP_IMAGE_NAME
    azd env set SERVICE_APP_IMAGE_NAME "$SERVICE_APP_IMAGE_NAME"
    ;;
esac

NANODET_PREFLIGHT=off NANODET_WITHIN_DEPLOY=true azd provision --no-prompt --no-state
echo "${app}${worker:+ and $worker} run $SERVICE_APP_IMAGE_NAME."

wait_for "$uri/api/health says that the app is alive" 600 is_live
echo "$app answers."

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
