#!/bin/sh
# After `azd down`: what went with the resource group, and what is left elsewhere, is forgotten, so that the next `azd up` begins anew.
# NANODET_TOPIC_ASSIGNMENTS is what the hook before has noted. Where the group is still there, somebody has said no.
# The group is gone whatever happens here: what does not work is a warning with what to do.
set -eu
. "$(dirname "$0")/common.sh"

group=rg-${AZURE_ENV_NAME:?"azd sets AZURE_ENV_NAME"}
if ! exists=$(in_subscription group exists --name "$group" --output tsv); then
  echo "warning: whether resource group $group is gone cannot be looked up, so nothing is forgotten. If it is gone, run:" >&2
  echo "azd env set SERVICE_APP_IMAGE_NAME \"\" && azd env set NANODET_DELETE_DATA false" >&2
  for id in ${NANODET_TOPIC_ASSIGNMENTS:-}; do
    echo "az role assignment delete --ids $id" >&2
  done
  exit 0
fi
if [ "$exists" != false ]; then
  echo "Resource group $group is still there: nothing is forgotten."
  exit 0
fi
# The image went with its registry: the next provision begins with the placeholder, as the first one did.
azd env set SERVICE_APP_IMAGE_NAME ""
# Somebody agreed to delete this data, and not that of the next deployment.
azd env set NANODET_DELETE_DATA false

if [ -n "${NANODET_TOPIC_ASSIGNMENTS:-}" ]; then
  left=
  for id in $NANODET_TOPIC_ASSIGNMENTS; do
    if az role assignment delete --only-show-errors --ids "$id" >/dev/null; then
      echo "Deleted the role assignment $id"
    else
      echo "warning: a role assignment could not be deleted. As long as it is there, an 'azd up' with this topic fails:" >&2
      echo "az role assignment delete --ids $id" >&2
      left="${left:+$left }$id"
    fi
  done
  azd env set NANODET_TOPIC_ASSIGNMENTS "$left"
fi
