#!/bin/sh
# Before `azd down`: it deletes the resource group and with it the images, results and models. Only somebody who has said so wants that.
# Settings (azd env set NAME VALUE): NANODET_DELETE_DATA=true.
set -eu

if [ "${NANODET_DELETE_DATA:-false}" != true ]; then
  account=${NANODET_STORAGE_ACCOUNT:-}
  echo "error: 'azd down' would delete storage account ${account:-(not made yet)} with every image, result and model in it." >&2
  echo "To keep the account and delete all else: infra/down.sh" >&2
  echo "To delete the account, too: azd env set NANODET_DELETE_DATA true, then 'azd down --purge'" >&2
  exit 1
fi
echo "NANODET_DELETE_DATA is true: the storage account is deleted with everything in it."
