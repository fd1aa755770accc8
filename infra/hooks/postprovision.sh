#!/bin/sh
# After provisioning: puts a checkpoint and its config into container `checkpoints`. The coordinator exports, verifies and publishes
# it as soon as it runs.
# Settings (azd env set NAME VALUE): NANODET_CHECKPOINT, a .pth or .ckpt file; NANODET_CONFIG, its .yml.
set -eu

account=${NANODET_STORAGE_ACCOUNT:?"azd sets NANODET_STORAGE_ACCOUNT after provisioning: run 'azd provision' first"}
checkpoint=${NANODET_CHECKPOINT:-}
config=${NANODET_CONFIG:-}

if [ -z "$checkpoint" ] && [ -z "$config" ]; then
  echo "No model is published: set NANODET_CHECKPOINT and NANODET_CONFIG, or publish one later."
  exit 0
fi
for file in "$checkpoint" "$config"; do
  if [ ! -f "$file" ]; then
    echo "error: expected NANODET_CHECKPOINT and NANODET_CONFIG to name two files, found '$checkpoint' and '$config'" >&2
    exit 1
  fi
done

# A role that was just assigned is not known everywhere yet.
upload() {
  tries=20
  until az storage blob upload --only-show-errors --auth-mode login --account-name "$account" --container-name checkpoints \
    --overwrite true --name "$1" --file "$2" >/dev/null; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
      echo "error: '$2' could not be uploaded to container checkpoints of $account; is AZURE_PRINCIPAL_ID yours?" >&2
      exit 1
    fi
    sleep 15
  done
}

# The two belong together by their name.
stem=$(basename "$checkpoint")
ending=${stem##*.}
stem=${stem%.*}
upload "$stem.yml" "$config"
upload "$stem.$ending" "$checkpoint"
echo "Uploaded $stem.yml and $stem.$ending to container checkpoints of $account."
