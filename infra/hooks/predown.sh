#!/bin/sh
# Before `azd down`: it deletes the resource group and with it the images, results and models. Only somebody who has said so wants that.
# Settings (azd env set NAME VALUE): NANODET_DELETE_DATA=true.
# The coordinator's right on the topic of NANODET_JOB_END_TOPIC_ID lies outside the group. It is noted in NANODET_TOPIC_ASSIGNMENTS, and
# deleted after the group: here somebody may still say no. What an earlier run has noted stays noted.
set -eu
. "$(dirname "$0")/common.sh"

if [ "${NANODET_DELETE_DATA:-false}" != true ]; then
  account=${NANODET_STORAGE_ACCOUNT:-}
  echo "error: 'azd down' would delete storage account ${account:-(not made yet)} with every image, result and model in it." >&2
  echo "To keep the account and delete all else: infra/down.sh" >&2
  echo "To delete the account, too: azd env set NANODET_DELETE_DATA true, then 'azd down --purge'" >&2
  exit 1
fi
echo "NANODET_DELETE_DATA is true: the storage account is deleted with everything in it."

topic=${NANODET_JOB_END_TOPIC_ID:-}
[ -n "$topic" ] || exit 0

look_up() {
  principals=$(in_subscription identity list --resource-group "${AZURE_RESOURCE_GROUP:-rg-${AZURE_ENV_NAME:-}}" \
    --query "[?starts_with(name, 'id-coordinator-')].principalId" --output tsv) || return
  for principal in $principals; do
    assignments_at "$topic" "$principal" || return
  done
}

if ! found=$(look_up); then
  echo "warning: the role assignments on $topic cannot be looked up: delete the coordinator's there, or the next 'azd up' fails" >&2
elif [ -n "$found" ]; then
  noted=$(printf '%s\n' ${NANODET_TOPIC_ASSIGNMENTS:-} $found | sort -u | paste -s -d ' ' -)
  azd env set NANODET_TOPIC_ASSIGNMENTS "$noted"
fi
