#!/bin/sh
# After provisioning: puts a checkpoint and its config into container `checkpoints`. The coordinator exports, verifies and publishes
# it as soon as it runs, and makes it current. So what is there already is not put there again: a later model, or one that somebody
# went back to, stays current.
# Settings (azd env set NAME VALUE): NANODET_CHECKPOINT, a .pth or .ckpt file; NANODET_CONFIG, its .yml.
# NANODET_CHECKPOINT_UPLOAD=always uploads both whatever is there. NANODET_WITHIN_DEPLOY is the deployment's own: nothing is uploaded then.
set -eu
. "$(dirname "$0")/common.sh"

account=${NANODET_STORAGE_ACCOUNT:?"azd sets NANODET_STORAGE_ACCOUNT after provisioning: run 'azd provision' first"}
checkpoint=${NANODET_CHECKPOINT:-}
config=${NANODET_CONFIG:-}
when=${NANODET_CHECKPOINT_UPLOAD:-changed}

if [ "${NANODET_WITHIN_DEPLOY:-false}" = true ]; then
  echo "Within a deployment no checkpoint is uploaded: 'azd provision' does that."
  exit 0
fi
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
case $when in
  changed | always) ;;
  *)
    echo "error: NANODET_CHECKPOINT_UPLOAD: expected changed or always, found '$when'" >&2
    exit 1
    ;;
esac

# A role that was just assigned is not known everywhere yet: what went wrong in the end, and the command.
patiently() {
  problem=$1
  shift
  tries=20
  until "$@"; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
      echo "error: $problem container checkpoints of $account; is AZURE_PRINCIPAL_ID yours?" >&2
      exit 1
    fi
    sleep 15
  done
}

blob() {
  command=$1
  shift
  in_subscription storage blob "$command" --only-show-errors --auth-mode login --account-name "$account" --container-name checkpoints "$@"
}

# As 32 hex digits. macOS has md5 in place of md5sum.
md5_of() {
  if command -v md5sum >/dev/null; then md5sum <"$1" | cut -c 1-32; else md5 -q "$1"; fi
}

# What is known of blob $1: its field $2 in what was listed.
known() { printf '%s\n' "$there" | NAME=$1 awk -F '\t' -v field="$2" '$1 == ENVIRON["NAME"] { print $field }'; }

# Whether blob $1 has MD5 $2: this hook writes it down, and storage computes it for what comes in one piece.
is_there() {
  [ "$(known "$1" 2)" = "$2" ] || [ "$(known "$1" 3 | base64 -d 2>/dev/null | od -An -v -tx1 | tr -d ' \n')" = "$2" ]
}

# Name, file, MD5.
upload() {
  patiently "'$2' could not be uploaded to" \
    blob upload --overwrite true --name "$1" --file "$2" --metadata "md5=$3" >/dev/null
  uploaded="${uploaded:+$uploaded and }$1"
}

# The two belong together by their name.
stem=$(basename "$checkpoint")
ending=${stem##*.}
stem=${stem%.*}
config_md5=$(md5_of "$config")
checkpoint_md5=$(md5_of "$checkpoint")
there=
if [ "$when" = changed ]; then
  there=$(patiently "found no way to look into" \
    blob list --prefix "$stem." --include m \
    --query '[].[name, metadata.md5, properties.contentSettings.contentMd5, properties.lastModified]' --output tsv)
fi

# Whether the pair has a report: one that is not newer than both is an older pair's.
is_reported() {
  printf '%s\n' "$there" | REPORT=$stem.report.json CONFIG=$stem.yml CHECKPOINT=$stem.$ending awk -F '\t' '
    $1 == ENVIRON["REPORT"] { report = $4 }
    ($1 == ENVIRON["CONFIG"] || $1 == ENVIRON["CHECKPOINT"]) && $4 "" > last "" { last = $4 }
    END { exit !(report "" > last "") }'
}

# The code of a report that says that the pair was refused; empty where it was published.
refusal() {
  folder=$(mktemp -d)
  blob download --name "$stem.report.json" --file "$folder/report.json" --output none || true
  if grep -q '"status": *"refused"' "$folder/report.json" 2>/dev/null; then
    code=$(tr -d '\n' <"$folder/report.json" | sed -n 's/.*"error": *{ *"code": *"\([^"]*\)".*/\1/p')
    echo "${code:-refused}"
  fi
  rm -rf "$folder"
}

# Nobody has seen a pair without a report: its event may have been lost, so it is put there again.
uploaded=
is_there "$stem.yml" "$config_md5" || upload "$stem.yml" "$config" "$config_md5"
if ! is_there "$stem.$ending" "$checkpoint_md5" || { [ -z "$uploaded" ] && ! is_reported; }; then
  upload "$stem.$ending" "$checkpoint" "$checkpoint_md5"
fi
if [ -n "$uploaded" ]; then
  echo "Uploaded $uploaded to container checkpoints of $account."
  exit 0
fi
code=$(refusal)
if [ -n "$code" ]; then
  echo "warning: $stem.yml and $stem.$ending are in container checkpoints of $account already, and $stem.report.json there says" >&2
  echo "that they were not published: $code. Nothing is uploaded. To try again: NANODET_CHECKPOINT_UPLOAD=always azd provision" >&2
else
  echo "$stem.yml and $stem.$ending are in container checkpoints of $account already, with a report: nothing is uploaded."
fi
