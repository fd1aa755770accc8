#!/bin/sh
# After `azd down`: what went with the resource group, and what is left elsewhere, is forgotten, so that the next `azd up` begins anew.
# NANODET_TOPIC_ASSIGNMENTS is what the hook before has noted. Where the group is still there, somebody has said no.
set -eu

group=rg-${AZURE_ENV_NAME:?"azd sets AZURE_ENV_NAME"}
exists=$(az group exists --name "$group" --output tsv)
if [ "$exists" != false ]; then
  echo "Resource group $group is still there: nothing is forgotten."
  exit 0
fi
# The image went with its registry: the next provision begins with the placeholder, as the first one did.
azd env set SERVICE_APP_IMAGE_NAME ""

if [ -n "${NANODET_TOPIC_ASSIGNMENTS:-}" ]; then
  for id in $NANODET_TOPIC_ASSIGNMENTS; do
    az role assignment delete --only-show-errors --ids "$id" >/dev/null
    echo "Deleted the role assignment $id"
  done
  azd env set NANODET_TOPIC_ASSIGNMENTS ""
fi
